#include "mqtt_cli.hpp"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

namespace sealroom::pack {

std::string shell_word(std::string_view text) {
  const auto plain = [](unsigned char c) { return std::isalnum(c) != 0 || std::string_view("/._-+:@%,").contains(c); };
  if (!text.empty() && std::ranges::all_of(text, plain)) return std::string(text);
  std::string word = "'";
  for (const char c : text) {
    if (c == '\'') {
      word += "'\\''";
    } else {
      word += c;
    }
  }
  return word + "'";
}

std::string to_text(const MqttCliLine& line) {
  const bool mutual = line.keystore.has_value() || line.certificate.has_value();
  std::string text = fmt::format("mqtt pub -h {} -p {} -s", shell_word(line.host), line.port);
  if (line.listener == ListenerKind::Websocket) text += " -ws -ws:path /mqtt";
  text += mutual ? " -i mutualTLSClient -t mutual/tls/connection/test -m 'Mutual TLS works!'"
                 : " -i TLSClient -t secure/connection/test -m 'TLS works!'";
  const std::pair<const char*, const std::optional<std::string>&> options[] = {{"--ks", line.keystore},
                                                                               {"--ts", line.truststore},
                                                                               {"--cafile", line.root},
                                                                               {"--cert", line.certificate},
                                                                               {"--key", line.key}};
  for (const auto& [option, path] : options) {
    if (path) text += fmt::format(" {} {}", option, shell_word(*path));
  }
  return text + " -d";
}

}  // namespace sealroom::pack
