#include "key_arguments.hpp"

#include <fmt/format.h>

#include "sealroom/base/text.hpp"

namespace sealroom::pack {
namespace {

options::typed_value<std::string>* text() { return options::value<std::string>(); }

options::typed_value<std::string>* needed(Presence presence) {
  return presence == Presence::Required ? text()->required() : text();
}

Result<std::optional<KeystoreRole>> parse_role(const options::variables_map& given) {
  const auto text = text_of(given, "role");
  if (text.empty()) return std::nullopt;
  for (const auto role : {KeystoreRole::Broker, KeystoreRole::Client, KeystoreRole::Member}) {
    if (text == name_of(role)) return role;
  }
  return fail(ErrorKind::Usage, fmt::format("--role {}: is none of broker, client, member", printable(text)));
}

}  // namespace

void add_key_options(options::options_description& known, Presence presence) {
  auto add = known.add_options();
  add("cert", needed(presence)->value_name("FILE"), "the broker's or client's certificate");
  add("chain", options::value<std::vector<std::string>>()->value_name("FILE")->composing(),
      "certificates of its issuers up to the root, in any order; the leaf may be among them");
  add("key", needed(presence)->value_name("FILE"),
      "its private key: PEM or DER, encrypted or not, or a PKCS#12 or JKS store");
  add("alias", needed(presence)->value_name("ALIAS"), "name of the entry; written in lower case, as Java looks it up");
  add("role", text()->value_name("ROLE"),
      "broker, client, or member (of a cluster: both); without it, what the certificate allows");
  add("key-password-from", text()->value_name("PASSWORD")->default_value("prompt"), "opens an encrypted --key");
  add("entry-password-from", text()->value_name("PASSWORD"),
      "password of the entry, if it is not to be the store's (JKS only)");
}

Result<KeystoreRequest> key_request(const options::variables_map& given) {
  KeystoreRequest request;
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

}  // namespace sealroom::pack
