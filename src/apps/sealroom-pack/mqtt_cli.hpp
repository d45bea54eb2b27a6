#pragma once

#include <optional>
#include <string>

#include "hivemq_config.hpp"

namespace sealroom::pack {

// A command line of HiveMQ's MQTT CLI: `mqtt pub` with one message over TLS. It asks for the passwords that it needs.
// Paths and names are printable ASCII, and quoted where a shell would not leave them alone.
struct MqttCliLine {
  ListenerKind listener = ListenerKind::Tcp;
  std::string host;
  std::uint16_t port = 8883;
  // Either Java stores or PEM files; a certificate only where the broker asks for one.
  std::optional<std::string> truststore, keystore;
  std::optional<std::string> root, certificate, key;
};

std::string to_text(const MqttCliLine& line);

// `text` as one word of a POSIX shell.
std::string shell_word(std::string_view text);

}  // namespace sealroom::pack
