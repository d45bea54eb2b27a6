#include <algorithm>
#include <cstdio>

#include <fmt/format.h>
#include <openssl/crypto.h>

#include "command.hpp"
#include "process_guard.hpp"
#include "sealroom/base/text.hpp"

namespace {

using namespace sealroom;

struct Command {
  const char* name;
  const char* summary;
  pack::Outcome (*run)(const pack::Arguments&);
};

constexpr Command kCommands[] = {
    {"keystore", "write a keystore: a leaf's private key with its certificate chain", pack::run_keystore},
    {"truststore", "write a truststore: CA certificates, never a private key", pack::run_truststore},
    {"verify", "compare a store with what it was made of", pack::run_verify},
    {"inspect", "show what is in a store, and what is wrong with it", pack::run_inspect},
    {"hivemq-config", "write HiveMQ's config.xml: a TLS listener with these stores", pack::run_hivemq_config},
    {"umh-values", "write the TLS part of the United Manufacturing Hub's values.yaml", pack::run_umh_values},
    {"base64", "write FILE.b64: the file in one line of base64, for Kubernetes values", pack::run_base64},
    {"bundle", "do all of it for one broker and its clients, from an export and a description", pack::run_bundle},
};

void print_help() {
  fmt::print("usage: sealroom-pack COMMAND [OPTION]...\n\n");
  fmt::print("Packs certificates and keys for Java services such as HiveMQ.\n\n");
  for (const auto& command : kCommands) fmt::print("  {:<15}{}\n", command.name, command.summary);
  fmt::print("\n'sealroom-pack COMMAND --help' lists a command's options.\n");
  fmt::print("Passwords are never taken on the command line.\n");
}

int report(const Error& error) {
  fmt::print(stderr, "sealroom-pack: error: {}\n", error.message);
  if (!error.hint.empty()) fmt::print(stderr, "sealroom-pack: hint: {}\n", error.hint);
  return static_cast<int>(error.kind);
}

int report(const Findings& findings) {
  for (const auto& [id, detail] : findings) fmt::print(stderr, "sealroom-pack: error: {}: {}\n", id, detail);
  return findings.empty() ? 0 : static_cast<int>(ErrorKind::Failed);
}

int run(std::string_view name, const pack::Arguments& arguments) {
  if (name.empty()) {
    return report({ErrorKind::Usage, "a command is missing", "sealroom-pack --help lists the commands"});
  }
  if (name == "--help" || name == "help") {
    print_help();
    return 0;
  }
  if (name == "--version") {
    fmt::print("sealroom-pack {} ({})\n", SEALROOM_VERSION, OpenSSL_version(OPENSSL_VERSION));
    return 0;
  }
  for (const auto& command : kCommands) {
    if (name != command.name) continue;
    const auto outcome = command.run(arguments);
    return outcome ? report(*outcome) : report(outcome.error());
  }
  return report({ErrorKind::Usage, fmt::format("'{}' is not a command", printable(name)),
                 "sealroom-pack --help lists the commands"});
}

}  // namespace

int main(int argc, char** argv) {
  pack::guard_process();
  const int code = run(argc > 1 ? argv[1] : "", {argv + std::min(argc, 2), argv + argc});
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return code;
  return code != 0 ? code : report({ErrorKind::Failed, "standard output cannot be written"});
}
