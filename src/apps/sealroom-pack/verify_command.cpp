#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>

#include <fmt/format.h>

#include "compare_store.hpp"
#include "key_arguments.hpp"
#include "sealroom/base/text.hpp"
#include "sealroom/crypto/crypto.hpp"
#include "trust_arguments.hpp"
#include "trust_files.hpp"

namespace sealroom::pack {
namespace {

// OpenStore is a file and what type it is by its own witness.
struct OpenStore {
  Fd fd;
  StoreType type;
};

Result<OpenStore> open_store(const std::string& path) {
  OpenStore store{Fd(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC)), StoreType::Pkcs12};
  std::array<std::uint8_t, 4> front{};
  if (!store.fd || pread(store.fd.get(), front.data(), front.size(), 0) < 0) {
    return fail(ErrorKind::Failed, fmt::format("{}: cannot be opened: {}", printable(path), strerror(errno)));
  }
  if (store_type(front) == StoreType::Jks) store.type = StoreType::Jks;
  return store;
}

Outcome verify_truststore(const options::variables_map& given, OctetSource& source, StoreType type,
                          const Secret& password) {
  auto entries = parse_entries(given);
  if (!entries) return pass_on(entries);
  const TrustFiles files(*entries);
  std::vector<MeantEntry> meant;
  for (std::size_t i = 0; i < files.size(); ++i) {
    auto der = files.octets(i);
    if (!der) return pass_on(der);
    meant.push_back({(*entries)[i].alias, sha256(*der)});
  }
  auto same = compare_truststore(source, type, meant, password);
  if (!same) return pass_on(same);
  return Findings{};
}

Outcome verify_keystore(const options::variables_map& given, OctetSource& source, StoreType type,
                        const Secret& password) {
  for (const char* name : {"cert", "key", "alias"}) {
    if (given.count(name) == 0) {
      return fail(ErrorKind::Usage, fmt::format("--{}: is missing", name),
                  "give what the store was made of: --cert, --chain, --key, --alias, or --entry for a truststore");
    }
  }
  auto request = key_request(given);
  if (!request) return pass_on(request);
  Secret own;
  if (request->entry_password) {
    auto read = read_password(*request->entry_password, "entry password");
    if (!read) return pass_on(read);
    own = std::move(*read);
  }
  auto prepared = prepare_keystore(*request, SystemClock().now());
  if (!prepared) return pass_on(prepared);
  auto same = compare_keystore(source, type, prepared->entry, password, own.empty() ? password : own);
  if (!same) return pass_on(same);
  return std::move(prepared->verdict.findings);
}

}  // namespace

Outcome run_verify(const Arguments& arguments) {
  options::options_description known("Options", kHelpWidth, kHelpWidth / 2);
  auto add = known.add_options();
  add("store", options::value<std::string>()->value_name("STORE")->required(), "the store (also without --store)");
  add("store-password-from", options::value<std::string>()->value_name("PASSWORD")->default_value("prompt"),
      "its password");
  add_trust_options(known, Presence::Optional);
  add_key_options(known, Presence::Optional);
  add("help", "show this");
  options::positional_options_description positional;
  positional.add("store", 1);
  auto given = parse_arguments(arguments, known, positional);
  if (!given) return pass_on(given);
  if (showed_help(*given, "verify STORE --entry ALIAS=CERT... | --cert FILE --chain FILE --key FILE --alias ALIAS",
                  known)) {
    return Findings{};
  }
  const auto path = text_of(*given, "store");
  auto store = open_store(path);
  if (!store) return pass_on(store);
  auto where = parse_password_source("store-password-from", text_of(*given, "store-password-from"));
  if (!where) return pass_on(where);
  auto password = read_password(*where, "store password");
  if (!password) return pass_on(password);
  FileSource source(store->fd.get(), path);
  auto outcome = given->count("entry") != 0 ? verify_truststore(*given, source, store->type, *password)
                                            : verify_keystore(*given, source, store->type, *password);
  if (!outcome) return pass_on(outcome, printable(path));
  if (outcome->empty())
    fmt::print("{}: {}, holds what was meant, octet for octet\n", printable(path), name_of(store->type));
  return outcome;
}

}  // namespace sealroom::pack
