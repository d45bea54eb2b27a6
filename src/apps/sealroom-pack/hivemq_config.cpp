#include "hivemq_config.hpp"

#include <charconv>

#include <fmt/format.h>

#include "secret_text.hpp"

namespace sealroom::pack {
namespace {

// XmlWriter writes elements, one a line, indented.
class XmlWriter {
 public:
  void open(std::string_view name) {
    line(fmt::format("<{}>", name));
    ++depth_;
  }

  void close(std::string_view name) {
    --depth_;
    line(fmt::format("</{}>", name));
  }

  void line(std::string_view text) {
    text_.add(std::string(4 * depth_, ' '));
    text_.add(text);
    text_.add("\n");
  }

  void element(std::string_view name, std::string_view value) {
    begin(name);
    escape(value);
    end(name);
  }

  // HiveMQ puts the variable's value in the place of ${ENV:NAME} before it parses the XML.
  void placeholder(std::string_view name, std::string_view variable) {
    begin(name);
    text_.add(fmt::format("${{ENV:{}}}", variable));
    end(name);
  }

  Result<Secret> finish() && { return std::move(text_).finish(); }

 private:
  void begin(std::string_view name) {
    text_.add(std::string(4 * depth_, ' '));
    text_.add(fmt::format("<{}>", name));
  }

  void end(std::string_view name) { text_.add(fmt::format("</{}>\n", name)); }

  // A dollar sign as well: in front of a brace it would begin a placeholder.
  void escape(std::string_view value) {
    for (std::size_t at = 0; at < value.size(); ++at) {
      switch (value[at]) {
        case '&': text_.add("&amp;"); break;
        case '<': text_.add("&lt;"); break;
        case '>': text_.add("&gt;"); break;
        case '"': text_.add("&quot;"); break;
        case '\'': text_.add("&apos;"); break;
        case '$': text_.add("&#36;"); break;
        default: text_.add(value.substr(at, 1));
      }
    }
  }

  SecretText text_;
  std::size_t depth_ = 0;
};

void write_password(XmlWriter& xml, const char* element, const char* variable, const HivemqConfig& config,
                    Secret InlinePasswords::* which) {
  if (config.passwords) {
    xml.element(element, as_text(((*config.passwords).*which).view()));
  } else {
    xml.placeholder(element, variable);
  }
}

void write_keystore(XmlWriter& xml, const char* element, const HivemqConfig& config) {
  xml.open(element);
  xml.element("path", config.keystore);
  write_password(xml, "password", kKeystoreVariable, config, &InlinePasswords::keystore);
  write_password(xml, "private-key-password", kEntryVariable, config, &InlinePasswords::entry);
  xml.close(element);
}

void write_truststore(XmlWriter& xml, const char* element, const HivemqConfig& config) {
  xml.open(element);
  xml.element("path", *config.truststore);
  write_password(xml, "password", kTruststoreVariable, config, &InlinePasswords::truststore);
  xml.close(element);
}

void write_listener(XmlWriter& xml, const HivemqConfig& config) {
  const bool websocket = config.listener == ListenerKind::Websocket;
  const char* element = websocket ? "tls-websocket-listener" : "tls-tcp-listener";
  xml.open("listeners");
  xml.open(element);
  xml.element("name", config.name);
  xml.element("port", std::to_string(config.port));
  xml.element("bind-address", config.bind_address);
  if (websocket) {
    xml.element("path", "/mqtt");
    xml.open("subprotocols");
    xml.element("subprotocol", "mqttv3.1");
    xml.element("subprotocol", "mqtt");
    xml.close("subprotocols");
  }
  xml.open("tls");
  write_keystore(xml, "keystore", config);
  if (config.truststore) {
    xml.element("client-authentication-mode", "REQUIRED");
    write_truststore(xml, "truststore", config);
  }
  xml.close("tls");
  xml.close(element);
  xml.close("listeners");
}

void write_cluster(XmlWriter& xml, const HivemqConfig& config) {
  xml.open("cluster");
  xml.element("enabled", "true");
  xml.open("transport");
  xml.open("tcp");
  xml.element("bind-address", config.cluster->bind_address);
  xml.element("bind-port", std::to_string(config.cluster->port));
  xml.open("tls");
  xml.element("enabled", "true");
  write_keystore(xml, "server-keystore", config);
  write_truststore(xml, "server-certificate-truststore", config);
  xml.close("tls");
  xml.close("tcp");
  xml.close("transport");
  xml.open("discovery");
  xml.line("<extension/>");
  xml.close("discovery");
  xml.close("cluster");
}

}  // namespace

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (status != std::errc() || end != text.data() + text.size() || port == 0) return std::nullopt;
  return port;
}

Result<Secret> hivemq_config_xml(const HivemqConfig& config) {
  XmlWriter xml;
  xml.line("<?xml version=\"1.0\" encoding=\"UTF-8\"?>");
  xml.open("hivemq");
  write_listener(xml, config);
  if (config.cluster) write_cluster(xml, config);
  xml.close("hivemq");
  return std::move(xml).finish();
}

}  // namespace sealroom::pack
