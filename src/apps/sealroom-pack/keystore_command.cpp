#include <sys/stat.h>

#include <cstdio>

#include <fmt/format.h>

#include "arguments.hpp"
#include "describe.hpp"
#include "sealroom/base/text.hpp"
#include "sealroom/x509/name.hpp"

namespace sealroom::pack {
namespace {

options::options_description known_options() {
  const auto text = [] { return options::value<std::string>(); };
  options::options_description known("Options", kHelpWidth, kHelpWidth / 2);
  auto add = known.add_options();
  add("cert", text()->value_name("FILE")->required(), "the broker's or client's certificate");
  add("chain", options::value<std::vector<std::string>>()->value_name("FILE")->composing(),
      "certificates of its issuers up to the root, in any order; the leaf may be among them");
  add("key", text()->value_name("FILE")->required(),
      "its private key: PEM or DER, encrypted or not, or a PKCS#12 or JKS store");
  add("alias", text()->value_name("ALIAS")->required(),
      "name of the entry; written in lower case, as Java looks it up");
  add("role", text()->value_name("ROLE"),
      "broker, client, or member (of a cluster: both); without it, what the certificate allows");
  add("key-password-from", text()->value_name("PASSWORD")->default_value("prompt"), "opens an encrypted --key");
  add("entry-password-from", text()->value_name("PASSWORD"),
      "password of the entry, if it is not to be the store's (JKS only)");
  add_writing_options(known);
  return known;
}

Result<std::optional<KeystoreRole>> parse_role(const options::variables_map& given) {
  const auto text = text_of(given, "role");
  if (text.empty()) return std::nullopt;
  for (const auto role : {KeystoreRole::Broker, KeystoreRole::Client, KeystoreRole::Member}) {
    if (text == name_of(role)) return role;
  }
  return fail(ErrorKind::Usage, fmt::format("--role {}: is none of broker, client, member", printable(text)));
}

Result<KeystoreRequest> understand(const options::variables_map& given, Instant now) {
  KeystoreRequest request;
  auto store = new_store(given, now);
  if (!store) return pass_on(store);
  request.store = std::move(*store);
  request.cert = text_of(given, "cert");
  request.key = text_of(given, "key");
  request.alias = text_of(given, "alias");
  if (given.count("chain") != 0) request.chain = given["chain"].as<std::vector<std::string>>();
  auto role = parse_role(given);
  if (!role) return pass_on(role);
  request.role = *role;
  auto key = parse_password_source("key-password-from", text_of(given, "key-password-from"));
  if (!key) return pass_on(key);
  request.key_password = *key;
  if (given.count("entry-password-from") != 0) {
    auto entry = parse_password_source("entry-password-from", text_of(given, "entry-password-from"));
    if (!entry) return pass_on(entry);
    request.entry_password = *entry;
  }
  return request;
}

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
  const auto known = known_options();
  auto given = parse_arguments(arguments, known);
  if (!given) return pass_on(given);
  if (showed_help(*given, "keystore --cert FILE --chain FILE --key FILE --alias ALIAS --out FILE [OPTION]...", known)) {
    return Findings{};
  }
  const Instant now = SystemClock().now();
  auto request = understand(*given, now);
  if (!request) return pass_on(request);
  warn_of_open_key(request->key);
  auto verdict = pack_keystore(*request, now);
  if (!verdict) return pass_on(verdict);
  if (!verdict->findings.empty()) return std::move(verdict->findings);
  announce(*request, *verdict, !(*given)["type"].defaulted());
  return Findings{};
}

}  // namespace sealroom::pack
