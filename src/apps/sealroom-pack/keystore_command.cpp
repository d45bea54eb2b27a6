#include <sys/stat.h>

#include <cstdio>

#include <fmt/format.h>

#include "describe.hpp"
#include "key_arguments.hpp"
#include "sealroom/base/text.hpp"
#include "sealroom/x509/name.hpp"

namespace sealroom::pack {
namespace {

void warn_of_open_key(const std::string& path) {
  struct stat status{};
  if (stat(path.c_str(), &status) != 0 || (status.st_mode & 077) == 0) return;
  fmt::print(stderr, "sealroom-pack: warning: {}: other users can reach this private key (mode {:04o}); chmod 600 it\n",
             printable(path), status.st_mode & 07777U);
}

void announce_generated(const char* whose, const PasswordSource& source) {
  if (source.kind != PasswordSource::Kind::Generate) return;
  fmt::print("  {} password was made and is in {}\n", whose, printable(source.detail));
}

void announce(const KeystoreRequest& request, const KeyEntryVerdict& verdict, bool type_given) {
  fmt::print("{}: written and read back\n", printable(request.store.out));
  fmt::print("  type   {}{}, mode 0600\n", name_of(request.store.type), type_given ? "" : " (the default)");
  fmt::print("  role   {}\n", name_of(verdict.role));
  const auto written = ascii_lower(request.alias);
  fmt::print("  alias  {}\n", written);
  if (written != request.alias) {
    fmt::print("         (for '{}': Java looks aliases up in lower case)\n", request.alias);
  }
  fmt::print("  chain  {} certificate{}{}\n", verdict.chain.size(), verdict.chain.size() == 1 ? "" : "s",
             verdict.reordered ? " (put in order: leaf first, root last)" : "");
  for (const auto& certificate : verdict.chain) fmt::print("{}", lines_of(certificate));
  for (const auto& certificate : verdict.left_out) {
    fmt::print("  left out, not of this chain: {}\n", printable_name(certificate.subject()));
  }
  announce_generated("store", request.store.password);
  if (request.entry_password) announce_generated("entry", *request.entry_password);
  fmt::print("  this file holds a private key: it belongs on its own host, readable by its service only\n");
}

}  // namespace

Outcome run_keystore(const Arguments& arguments) {
  options::options_description known("Options", kHelpWidth, kHelpWidth / 2);
  add_key_options(known, Presence::Required);
  add_writing_options(known);
  auto given = parse_arguments(arguments, known);
  if (!given) return pass_on(given);
  if (showed_help(*given, "keystore --cert FILE --chain FILE --key FILE --alias ALIAS --out FILE [OPTION]...", known)) {
    return Findings{};
  }
  const Instant now = SystemClock().now();
  auto request = key_request(*given);
  if (!request) return pass_on(request);
  auto store = new_store(*given, now);
  if (!store) return pass_on(store);
  request->store = std::move(*store);
  warn_of_open_key(request->key);
  auto verdict = pack_keystore(*request, now);
  if (!verdict) return pass_on(verdict);
  if (!verdict->findings.empty()) return std::move(verdict->findings);
  announce(*request, *verdict, !(*given)["type"].defaulted());
  return Findings{};
}

}  // namespace sealroom::pack
