#include "umh_values.hpp"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

#include "secret_text.hpp"

namespace sealroom::pack {
namespace {

constexpr std::string_view kStoreKeys[] = {"keystoreBase64", "keystorePassword", "truststoreBase64",
                                           "truststorePassword"};
constexpr std::size_t kLongestName = 63;  // of a label in Kubernetes

void add_base64(SecretText& yaml, std::string_view key, ByteView octets) {
  yaml.add(key);
  yaml.add(": \"");
  yaml.add_base64(octets);
  yaml.add("\"\n");
}

// YAML 1.2 section 7.3.1: in double quotes, printable characters but these two stand for themselves.
void add_quoted(SecretText& yaml, std::string_view key, std::string_view value) {
  yaml.add(key);
  yaml.add(": \"");
  for (std::size_t at = 0; at < value.size(); ++at) {
    if (value[at] == '"' || value[at] == '\\') yaml.add("\\");
    yaml.add(value.substr(at, 1));
  }
  yaml.add("\"\n");
}

}  // namespace

Result<Secret> umh_values_yaml(const UmhValues& values) {
  SecretText yaml;
  yaml.add("_000_commonConfig:\n  infrastructure:\n    mqtt:\n      tls:\n");
  add_base64(yaml, "        keystoreBase64", values.keystore);
  add_quoted(yaml, "        keystorePassword", as_text(values.keystore_password.view()));
  add_base64(yaml, "        truststoreBase64", values.truststore);
  add_quoted(yaml, "        truststorePassword", as_text(values.truststore_password.view()));
  for (const auto& [name, certificate, key] : values.services) {
    yaml.add(fmt::format("        \"{}\":\n", name));
    add_base64(yaml, "          cert", as_bytes(certificate));
    add_base64(yaml, "          key", key.view());
  }
  return std::move(yaml).finish();
}

bool is_service_name(std::string_view name) {
  if (name.empty() || name.size() > kLongestName || std::isalpha(static_cast<unsigned char>(name.front())) == 0) {
    return false;
  }
  const auto allowed = [](unsigned char c) { return std::isalnum(c) != 0 || c == '-' || c == '_'; };
  return std::ranges::all_of(name, allowed) && std::ranges::find(kStoreKeys, name) == std::end(kStoreKeys);
}

}  // namespace sealroom::pack
