#include <cstdio>

#include <fmt/format.h>

#include "arguments.hpp"
#include "hivemq_config.hpp"
#include "mqtt_cli.hpp"
#include "password_source.hpp"
#include "sealroom/base/text.hpp"
#include "secret_text.hpp"
#include "staged_file.hpp"

namespace sealroom::pack {
namespace {

constexpr mode_t kOpenMode = 0644;
constexpr mode_t kSecretMode = 0600;  // with passwords in it

constexpr const char* kSources[] = {"store-password-from", "entry-password-from", "truststore-password-from"};

options::options_description known_options() {
  const auto text = [](const char* value) { return options::value<std::string>()->value_name(value); };
  options::options_description known("Options", kHelpWidth, kHelpWidth / 2);
  auto add = known.add_options();
  add("keystore", text("PATH")->required(), "the broker's keystore, as the broker sees it");
  add("truststore", text("PATH"),
      "its truststore, as the broker sees it; clients must then have a certificate (REQUIRED)");
  add("listener", text("KIND")->default_value("tcp"), "tcp or websocket");
  add("name", text("NAME")->default_value("secure-listener"), "the listener's name");
  add("port", text("PORT")->default_value("8883"), "the listener's port");
  add("bind-address", text("ADDRESS")->default_value("0.0.0.0"), "the listener's address");
  add("cluster", text("ADDRESS"), "this node's address: the cluster's transport uses TLS too");
  add("cluster-port", text("PORT")->default_value("7800"), "its port");
  add("store-password-from", text("PASSWORD"),
      "write the passwords into the file, whose mode is then 0600; else placeholders stand there");
  add("entry-password-from", text("PASSWORD"), "the key's password, if it is not the keystore's");
  add("truststore-password-from", text("PASSWORD"), "the truststore's password");
  add_output_options(known);
  return known;
}

Result<std::uint16_t> port_of(const options::variables_map& given, const char* option) {
  const auto text = text_of(given, option);
  const auto number = parse_port(text);
  if (number) return *number;
  return fail(ErrorKind::Usage, fmt::format("--{} '{}': is not a port", option, printable(text)),
              "a port is a number from 1 to 65535");
}

// Texts become part of an XML file that other programs read; what is not printable ASCII has no business there.
Result<Done> check_texts(const options::variables_map& given) {
  for (const char* option : {"keystore", "truststore", "name", "bind-address", "cluster"}) {
    if (given.count(option) == 0) continue;
    const auto text = text_of(given, option);
    if (!text.empty() && text.find('\\') == std::string::npos && printable(text) == text) continue;
    return fail(ErrorKind::Usage,
                fmt::format("--{} '{}': is empty, has a backslash or is not printable ASCII", option, printable(text)));
  }
  return Done{};
}

Result<Secret> password(const options::variables_map& given, const char* option, std::string_view what) {
  auto source = parse_password_source(option, text_of(given, option));
  if (!source) return pass_on(source);
  auto value = read_password(*source, what);
  if (!value) return value;
  auto fit = check_printable(*value, what);
  if (!fit) return pass_on(fit);
  const auto text = as_text(value->view());
  if (trimmed(text).size() != text.size()) {
    return fail(ErrorKind::Usage, fmt::format("{}: begins or ends with a blank, which readers of XML may drop", what),
                "choose another password for the store");
  }
  return value;
}

Result<std::optional<InlinePasswords>> inline_passwords(const options::variables_map& given, bool truststore) {
  bool wanted = false;
  for (const char* option : kSources) wanted = wanted || given.count(option) != 0;
  if (!wanted) return std::optional<InlinePasswords>();
  if (given.count("store-password-from") == 0 || truststore != (given.count("truststore-password-from") != 0)) {
    return fail(ErrorKind::Usage, "passwords: are given for some of the stores only",
                "give --store-password-from, and --truststore-password-from where there is a --truststore; or none");
  }
  InlinePasswords all;
  auto keystore = password(given, "store-password-from", "keystore password");
  if (!keystore) return pass_on(keystore);
  auto entry = given.count("entry-password-from") == 0 ? Secret::copy_of(keystore->view())
                                                       : password(given, "entry-password-from", "entry password");
  if (!entry) return pass_on(entry);
  if (truststore) {
    auto trust = password(given, "truststore-password-from", "truststore password");
    if (!trust) return pass_on(trust);
    all.truststore = std::move(*trust);
  }
  all.keystore = std::move(*keystore);
  all.entry = std::move(*entry);
  return std::optional<InlinePasswords>(std::move(all));
}

Result<HivemqConfig> understand(const options::variables_map& given) {
  auto texts = check_texts(given);
  if (!texts) return pass_on(texts);
  HivemqConfig config;
  const auto kind = text_of(given, "listener");
  if (kind != "tcp" && kind != "websocket") {
    return fail(ErrorKind::Usage, fmt::format("--listener {}: is neither tcp nor websocket", printable(kind)));
  }
  config.listener = kind == "tcp" ? ListenerKind::Tcp : ListenerKind::Websocket;
  auto port = port_of(given, "port");
  if (!port) return pass_on(port);
  auto cluster_port = port_of(given, "cluster-port");
  if (!cluster_port) return pass_on(cluster_port);
  config.port = *port;
  config.name = text_of(given, "name");
  config.bind_address = text_of(given, "bind-address");
  config.keystore = text_of(given, "keystore");
  if (given.count("truststore") != 0) config.truststore = text_of(given, "truststore");
  if (config.truststore == config.keystore) {
    return fail(ErrorKind::Usage, "--truststore: is the keystore; a truststore holds CA certificates and no key",
                "make one: sealroom-pack truststore --entry root=ca/root.cert.pem --out TRUSTSTORE");
  }
  if (given.count("cluster") != 0) {
    if (!config.truststore) {
      return fail(ErrorKind::Usage, "--cluster: needs --truststore: the nodes check each other's certificates with it");
    }
    config.cluster = ClusterTransport{text_of(given, "cluster"), *cluster_port};
  }
  auto passwords = inline_passwords(given, config.truststore.has_value());
  if (!passwords) return pass_on(passwords);
  config.passwords = std::move(*passwords);
  return config;
}

void announce(const HivemqConfig& config, const std::string& out) {
  fmt::print("{}: written\n", printable(out));
  if (config.passwords) {
    fmt::print("  mode 0600: it holds the passwords of the stores\n");
  } else {
    fmt::print("  the broker's environment must have these variables (an & or < in a value as &amp; or &lt;):\n");
    fmt::print("    {}\n    {}, the same unless the key has a password of its own\n", kKeystoreVariable,
               kEntryVariable);
    if (config.truststore) fmt::print("    {}\n", kTruststoreVariable);
  }
  MqttCliLine line{config.listener, "BROKER", config.port, {}, {}, "ca/root.cert.pem", {}, {}};
  if (config.truststore) {
    line.certificate = "CLIENT.chain.pem";
    line.key = "CLIENT.key.pem";
  }
  fmt::print("  to try it with HiveMQ's MQTT CLI (sealroom-pack has not run this):\n    {}\n", to_text(line));
}

}  // namespace

Outcome run_hivemq_config(const Arguments& arguments) {
  const auto known = known_options();
  auto given = parse_arguments(arguments, known);
  if (!given) return pass_on(given);
  if (showed_help(*given, "hivemq-config --keystore PATH --out FILE [OPTION]...", known)) return Findings{};
  const auto out = text_of(*given, "out");
  auto free = check_free(out, if_exists(*given));
  if (!free) return pass_on(free);
  auto config = understand(*given);
  if (!config) return pass_on(config);
  auto xml = hivemq_config_xml(*config);
  if (!xml) return pass_on(xml);
  auto written = write_staged(out, xml->view(), config->passwords ? kSecretMode : kOpenMode, if_exists(*given));
  if (!written) return pass_on(written);
  announce(*config, out);
  return Findings{};
}

}  // namespace sealroom::pack
