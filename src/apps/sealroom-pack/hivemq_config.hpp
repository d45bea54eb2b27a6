#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sealroom/base/secret.hpp"

namespace sealroom::pack {

enum class ListenerKind { Tcp, Websocket };

// The passwords of the stores, where they are to stand in the file itself.
struct InlinePasswords {
  Secret keystore;
  Secret entry;
  Secret truststore;  // empty where there is no truststore
};

struct ClusterTransport {
  std::string bind_address;
  std::uint16_t port = 7800;
};

// What HiveMQ's config.xml shall say. Texts are printable ASCII; paths are as the broker sees them.
struct HivemqConfig {
  ListenerKind listener = ListenerKind::Tcp;
  std::string name = "secure-listener";
  std::string bind_address = "0.0.0.0";
  std::uint16_t port = 8883;
  std::string keystore;
  std::optional<std::string> truststore;     // clients must then have a certificate: REQUIRED
  std::optional<ClusterTransport> cluster;   // only with a truststore
  std::optional<InlinePasswords> passwords;  // else placeholders for the variables below
};

// The environment variables that take the place of passwords.
inline constexpr const char* kKeystoreVariable = "HIVEMQ_KEYSTORE_PASSWORD";
inline constexpr const char* kEntryVariable = "HIVEMQ_PRIVATE_KEY_PASSWORD";
inline constexpr const char* kTruststoreVariable = "HIVEMQ_TRUSTSTORE_PASSWORD";

// The port that `text` names in plain decimal digits, 1 to 65535; nothing otherwise.
std::optional<std::uint16_t> parse_port(std::string_view text);

// A whole config.xml in UTF-8: one TLS listener and, where asked for, the cluster's TCP transport. Element names and
// their order as in HiveMQ's user guide (listeners; clusters) and the Community Edition's config.xsd. The cluster's
// truststore holds CA certificates; nothing in the file makes a keystore serve as one.
Result<Secret> hivemq_config_xml(const HivemqConfig& config);

}  // namespace sealroom::pack
