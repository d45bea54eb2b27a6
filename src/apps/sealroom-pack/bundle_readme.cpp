#include "bundle_readme.hpp"

#include <fmt/format.h>

#include "mqtt_cli.hpp"

namespace sealroom::pack {
namespace {

MqttCliLine line_to(const BundleDescription& description) {
  MqttCliLine line;
  line.listener = description.listener;
  line.host = description.host;
  line.port = description.port;
  return line;
}

std::string command(const MqttCliLine& line) { return fmt::format("    {}\n", to_text(line)); }

}  // namespace

std::string readme_of_bundle(const BundleDescription& description, bool umh_values) {
  std::string text =
      "# Stores for one broker and its clients\n\n"
      "Each folder is for one host and goes there as a whole, by a way that nobody reads: beside every store lies the\n"
      "file with its password. Delete this directory when each folder is where it belongs.\n\n"
      "* `broker/`: for the broker's host\n";
  for (const auto& client : description.clients) text += fmt::format("* `clients/{0}/`: for {0}\n", client.name);
  if (umh_values) {
    text +=
        "* `umh/values.yaml`: for whoever runs `helm`; it holds the keys of the broker and of every client, so keep "
        "it\n"
        "  as secret as all of them together\n";
  }
  return text + "\nThe broker's folder holds no key of a client, and a client's folder no key but its own.\n";
}

std::string readme_of_broker(const BundleDescription& description, const std::string& suffix) {
  const bool mutual = !description.clients.empty() || description.cluster.has_value();
  std::string text = fmt::format(
      "# The broker's files\n\n"
      "Put them into `{0}`, owned by the user that runs HiveMQ.\n\n"
      "* `hivemq-keystore{1}` (secret): the broker's private key with its certificates\n",
      description.path, suffix);
  if (mutual) {
    text += fmt::format(
        "* `hivemq-truststore{}`: the CAs whose clients may connect. To let another service in, have its certificate\n"
        "  signed by the same CA: nothing changes here\n",
        suffix);
  }
  text += fmt::format(
      "* `config.xml`: HiveMQ's configuration, with the listener `secure-listener` on port {}\n"
      "* `hivemq.env` (secret): the passwords, as variables for HiveMQ's environment: `EnvironmentFile=` of systemd, "
      "or\n"
      "  `docker run --env-file`. The `.password` files say the same\n"
      "* `chain.pem`: the broker's certificate and its intermediates, for brokers that read PEM\n",
      description.port);
  if (mutual) text += "* `trusted.pem`, `trusted/`: what the truststore holds, for brokers that read PEM\n";
  return text;
}

std::string readme_of_client(const BundleDescription& description, const BundleMember& client,
                             const std::string& suffix) {
  std::string text = fmt::format(
      "# The files of {0}\n\n"
      "* `{0}-keystore{1}` (secret): its private key with its certificates; the password is in\n"
      "  `{0}-keystore.password` (secret)\n"
      "* `{0}-truststore{1}`: the CA of the broker; its password is in `{0}-truststore.password`\n"
      "* `chain.pem`, `trusted.pem`: the same certificates for programs that read PEM, with the key that it has "
      "already\n\n"
      "To try them with HiveMQ's MQTT CLI, which asks for the passwords (sealroom-pack has not run these lines):\n\n",
      client.name, suffix);
  auto stores = line_to(description);
  stores.keystore = client.name + "-keystore" + suffix;
  stores.truststore = client.name + "-truststore" + suffix;
  auto pem = line_to(description);
  pem.root = "trusted.pem";
  pem.certificate = "chain.pem";
  pem.key = client.name + ".key.pem";
  return text + command(stores) + command(pem);
}

}  // namespace sealroom::pack
