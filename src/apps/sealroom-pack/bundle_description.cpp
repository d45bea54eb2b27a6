#include "bundle_description.hpp"

#include <filesystem>

#include <fmt/format.h>

#include "sealroom/base/file.hpp"
#include "sealroom/base/text.hpp"
#include "sealroom/policy/strict_yaml.hpp"
#include "umh_values.hpp"

namespace sealroom::pack {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLargestDescription = 65536;  // what read_yaml takes
constexpr std::size_t kMostClients = 1000;

// DescriptionReader reads values of one description and remembers its folder.
class DescriptionReader {
 public:
  explicit DescriptionReader(fs::path folder) : folder_(std::move(folder)) {}

  Result<BundleDescription> read(const YamlValue& document) const {
    auto shape = document.mapping_of("the description", {"broker", "clients"});
    if (!shape) return pass_on(shape);
    auto broker = document.member("the description", "broker");
    if (!broker) return pass_on(broker);
    BundleDescription description;
    auto done = read_broker(**broker, description);
    if (!done) return pass_on(done);
    const YamlValue* clients = document.find("clients");
    if (clients == nullptr) return description;
    done = read_clients(*clients, description);
    if (!done) return pass_on(done);
    return description;
  }

 private:
  Result<Done> read_broker(const YamlValue& value, BundleDescription& description) const {
    auto shape = value.mapping_of("broker", {"certificate", "key", "key-password-from", "alias", "role", "host", "path",
                                             "listener", "port", "cluster"});
    if (!shape) return shape;
    auto member = read_member(value, "broker", "broker");
    if (!member) return pass_on(member);
    description.broker = std::move(*member);
    for (const auto& [key, text] : {std::pair{"host", &description.host}, std::pair{"path", &description.path}}) {
      auto given = required_text(value, key);
      if (!given) return pass_on(given);
      *text = *given;
    }
    if (const YamlValue* role = value.find("role")) {
      auto text = role->text("role");
      if (!text) return pass_on(text);
      if (*text != "broker" && *text != "member") return role->wrong("role must be broker or member");
      description.role = *text == "member" ? KeystoreRole::Member : KeystoreRole::Broker;
    }
    if (const YamlValue* listener = value.find("listener")) {
      auto kind = listener->text("listener");
      if (!kind) return pass_on(kind);
      if (*kind != "tcp" && *kind != "websocket") return listener->wrong("listener must be tcp or websocket");
      description.listener = *kind == "tcp" ? ListenerKind::Tcp : ListenerKind::Websocket;
    }
    if (const YamlValue* port = value.find("port")) {
      auto number = port->number("port", 1, 65535);
      if (!number) return pass_on(number);
      description.port = static_cast<std::uint16_t>(*number);
    }
    if (const YamlValue* cluster = value.find("cluster")) {
      auto address = cluster->text("cluster");
      if (!address) return pass_on(address);
      description.cluster = *address;
    }
    return Done{};
  }

  Result<Done> read_clients(const YamlValue& value, BundleDescription& description) const {
    auto sequence = value.sequence("clients");
    if (!sequence) return sequence;
    if (value.items().size() > kMostClients) {
      return value.wrong(fmt::format("clients must be at most {}", kMostClients), "make several bundles");
    }
    for (const auto& item : value.items()) {
      auto shape = item.mapping_of("a client", {"name", "certificate", "key", "key-password-from", "alias"});
      if (!shape) return shape;
      auto member = read_member(item, "a client", {});
      if (!member) return pass_on(member);
      for (const auto& other : description.clients) {
        if (ascii_lower(other.name) == ascii_lower(member->name)) {
          return item.wrong(
              fmt::format("the name '{}' is used twice (case does not tell folders apart everywhere)", member->name));
        }
      }
      description.clients.push_back(std::move(*member));
    }
    return Done{};
  }

  // Without a `name` the value may have one, and else it is the last part of the certificate.
  Result<BundleMember> read_member(const YamlValue& value, std::string_view what, std::string name_given) const {
    BundleMember member;
    auto certificate = required_text(value, "certificate");
    if (!certificate) return pass_on(certificate);
    member.certificate = *certificate;
    auto key = required_text(value, "key");
    if (!key) return pass_on(key);
    member.key = (folder_ / *key).string();
    auto name = text_or(value, "name", name_given.empty() ? fs::path(*certificate).filename().string() : name_given);
    if (!name) return pass_on(name);
    if (!is_service_name(*name)) {
      return value.wrong(fmt::format("the name '{}' of {} cannot be used", printable(*name), what),
                         "give it a name: a letter first, then letters, digits, '-' and '_', at most 63");
    }
    member.name = *name;
    auto alias = text_or(value, "alias", *name);
    if (!alias) return pass_on(alias);
    member.alias = *alias;
    auto source = read_key_password(value);
    if (!source) return pass_on(source);
    member.key_password = *source;
    return member;
  }

  Result<PasswordSource> read_key_password(const YamlValue& value) const {
    const YamlValue* given = value.find("key-password-from");
    if (given == nullptr) return PasswordSource{};
    auto text = given->text("key-password-from");
    if (!text) return pass_on(text);
    auto source = parse_password_source("key-password-from", *text);
    if (!source) return given->wrong(source.error().message, source.error().hint);
    if (source->kind == PasswordSource::Kind::File) source->detail = (folder_ / source->detail).string();
    return source;
  }

  static Result<std::string> required_text(const YamlValue& value, std::string_view key) {
    auto member = value.member("the description", key);
    if (!member) return pass_on(member);
    return (*member)->text(key);
  }

  static Result<std::string> text_or(const YamlValue& value, std::string_view key, std::string otherwise) {
    const YamlValue* member = value.find(key);
    return member == nullptr ? Result<std::string>(std::move(otherwise)) : member->text(key);
  }

  fs::path folder_;
};

}  // namespace

Result<BundleDescription> read_description(const std::string& path) {
  auto octets = read_file(path, kLargestDescription);
  if (!octets) return pass_on(octets);
  auto document = read_yaml(printable(path), as_text(*octets));
  if (!document) return pass_on(document);
  return DescriptionReader(fs::path(path).parent_path()).read(*document);
}

}  // namespace sealroom::pack
