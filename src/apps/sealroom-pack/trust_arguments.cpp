#include "trust_arguments.hpp"

#include <set>

#include <fmt/format.h>

#include "sealroom/base/text.hpp"

namespace sealroom::pack {

void add_trust_options(options::options_description& known, Presence presence) {
  auto* entries = options::value<std::vector<std::string>>()->value_name("ALIAS=CERT")->multitoken()->composing();
  if (presence == Presence::Required) entries->required();
  auto add = known.add_options();
  add("entry", entries,
      "a CA certificate and its name, written in lower case, as Java looks it up; as many as are needed");
  add("pin-leaf", "the entries are the peers' own certificates, trusted one by one, and no CA among them");
}

Result<std::vector<TrustFile>> parse_entries(const options::variables_map& given) {
  std::vector<TrustFile> entries;
  std::set<std::string> taken;
  for (const auto& text : given["entry"].as<std::vector<std::string>>()) {
    const auto equals = text.find('=');
    if (equals == std::string::npos || equals + 1 == text.size()) {
      return fail(ErrorKind::Usage, fmt::format("--entry '{}': is not ALIAS=CERT", printable(text)),
                  "for example --entry root=ca.cert.pem");
    }
    auto alias = store_alias(text.substr(0, equals));
    if (!alias) return pass_on(alias);
    if (!taken.insert(*alias).second) {
      return fail(ErrorKind::Usage, fmt::format("alias '{}': is used twice (Java does not tell case)", *alias),
                  "give every entry an alias of its own");
    }
    entries.push_back({*alias, text.substr(equals + 1)});
  }
  return entries;
}

TrustKind trust_kind(const options::variables_map& given) {
  return given.count("pin-leaf") != 0 ? TrustKind::PinnedLeaves : TrustKind::Authorities;
}

}  // namespace sealroom::pack
