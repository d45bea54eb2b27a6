#include "sealroom/policy/configuration.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "decimal.hpp"
#include "keys_reader.hpp"
#include "permitted_names.hpp"
#include "profile_reader.hpp"
#include "sealroom/base/text.hpp"
#include "sealroom/crypto/crypto.hpp"
#include "sealroom/policy/strict_yaml.hpp"
#include "yaml_fields.hpp"

namespace sealroom {
namespace {

constexpr std::string_view kSettings = "sealroom.yaml";

// Over names and octets of the files in name order: name, NUL, length in decimal, NUL, octets (docs/formats.md).
Digest digest_of(const std::vector<ConfigurationFile>& files) {
  Sha256 hash;
  for (const ConfigurationFile& file : files) {
    hash.add(as_bytes(file.name));
    hash.add(as_bytes(std::string_view("\0", 1)));
    hash.add(as_bytes(std::to_string(file.text.size())));
    hash.add(as_bytes(std::string_view("\0", 1)));
    hash.add(as_bytes(file.text));
  }
  return hash.finish();
}

}  // namespace

std::string_view name_of(Role role) {
  switch (role) {
    case Role::None: return "none";
    case Role::Auditor: return "auditor";
    case Role::Operator: return "operator";
    case Role::Officer: return "officer";
    case Role::Admin: return "admin";
  }
  std::abort();
}

bool is_plain_name(std::string_view name) {
  constexpr std::string_view kCharacters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
  return !name.empty() && name.size() <= 40 && name.front() != '-' &&
         name.find_first_not_of(kCharacters) == std::string_view::npos;
}

class ConfigurationReader {
 public:
  ConfigurationReader(std::vector<ConfigurationFile> files, const DataFileReader& data_files)
      : data_files_(data_files) {
    made_.files_ = std::move(files);
  }

  Result<Configuration> read() {
    std::ranges::sort(made_.files_, {}, &ConfigurationFile::name);
    const auto twice = std::ranges::adjacent_find(made_.files_, {}, &ConfigurationFile::name);
    if (twice != made_.files_.end()) return fail(ErrorKind::Usage, printable(twice->name) + ": given twice");
    made_.digest_ = digest_of(made_.files_);
    const ConfigurationFile* settings = file(kSettings);
    if (settings == nullptr) return fail(ErrorKind::Usage, "sealroom.yaml is missing", "sealroom init makes one");
    auto root = read_yaml(kSettings, settings->text);
    if (!root) return pass_on(root);
    if (auto done = read_settings(*root); !done) return pass_on(done);
    if (auto done = check_keys(); !done) return pass_on(done);
    if (auto done = check_files(); !done) return pass_on(done);
    return std::move(made_);
  }

 private:
  const ConfigurationFile* file(std::string_view name) const {
    const auto found = std::ranges::find(made_.files_, name, &ConfigurationFile::name);
    return found == made_.files_.end() ? nullptr : &*found;
  }

  Result<Done> read_settings(const YamlValue& root) {
    auto keys = root.mapping_of("sealroom.yaml", {"sealroom", "module", "trial", "log", "issuers", "roles", "limits",
                                                  "keys", "idle_lock_minutes", "clock", "plan_validity"});
    if (!keys) return keys;
    auto version = root.member(kSettings, "sealroom");
    if (!version) return pass_on(version);
    auto one = (*version)->number("sealroom", 1, 1);
    if (!one) return std::unexpected(std::move(one.error()));
    using Reading = Result<Done> (ConfigurationReader::*)(const YamlValue&);
    for (const Reading reading :
         {&ConfigurationReader::read_module, &ConfigurationReader::read_trial, &ConfigurationReader::read_log,
          &ConfigurationReader::read_issuers, &ConfigurationReader::read_roles, &ConfigurationReader::read_limits,
          &ConfigurationReader::read_keys_of, &ConfigurationReader::read_times}) {
      if (auto done = (this->*reading)(root); !done) return done;
    }
    return Done{};
  }

  Result<Done> read_module(const YamlValue& root) {
    auto module = required_text(root, kSettings, "module");
    if (!module) return pass_on(module);
    if (!module->starts_with('/')) return root.find("module")->wrong("module must be an absolute path");
    made_.module_ = std::move(*module);
    return Done{};
  }

  Result<Done> read_trial(const YamlValue& root) {
    const YamlValue* trial = root.find("trial");
    if (trial == nullptr) return Done{};
    if (auto keys = trial->mapping_of("trial", {"softhsm_config", "pins"}); !keys) return keys;
    auto config = required_text(*trial, "trial", "softhsm_config");
    if (!config) return pass_on(config);
    if (!is_path_in_home(*config)) {
      return trial->find("softhsm_config")->wrong("softhsm_config must be a path in the home");
    }
    made_.softhsm_config_ = std::move(*config);
    const YamlValue* pins = trial->find("pins");
    if (pins == nullptr) return Done{};
    if (auto shape = pins->mapping("pins"); !shape) return shape;
    for (const auto& [token, value] : pins->members()) {
      auto path = value.text("pins");
      if (!path) return pass_on(path);
      if (!is_path_in_home(*path)) return value.wrong(fmt::format("pin file of {} must be a path in the home", token));
      made_.trial_pins_.emplace(token, std::move(*path));
    }
    return Done{};
  }

  Result<Done> read_log(const YamlValue& root) {
    auto log = root.member(kSettings, "log");
    if (!log) return pass_on(log);
    if (auto keys = (*log)->mapping_of("log", {"key", "origin"}); !keys) return keys;
    auto key = required_text(**log, "log", "key");
    if (!key) return pass_on(key);
    if (!key->starts_with("pkcs11:")) return (*log)->find("key")->wrong("log key must be a PKCS#11 URI");
    auto origin = required_text(**log, "log", "origin");
    if (!origin) return pass_on(origin);
    // The name of a signed note's key has no blanks and no plus sign (C2SP signed-note).
    if (origin->empty() || origin->find_first_of(" +") != std::string::npos || origin->size() > 200) {
      return (*log)->find("origin")->wrong("origin must be 1 to 200 characters without blanks and \"+\"");
    }
    made_.log_key_ = std::move(*key);
    made_.log_origin_ = std::move(*origin);
    return Done{};
  }

  // On a medium, names that differ in case only are one name.
  Result<Done> new_name(const YamlValue& value, std::string_view kind, const std::string& name,
                        std::set<std::string>& taken) {
    if (!is_plain_name(name)) {
      return value.wrong(fmt::format("{} cannot be the name of {}", printable(name), kind),
                         "1 to 40 letters, digits, \"_\" and \"-\", not beginning with \"-\"");
    }
    if (taken.insert(ascii_lower(name)).second) return Done{};
    return value.wrong(fmt::format("{} {} is taken: names that differ in case only are equal on a medium", kind, name));
  }

  Result<Done> read_issuers(const YamlValue& root) {
    auto issuers = root.member(kSettings, "issuers");
    if (!issuers) return pass_on(issuers);
    if (auto shape = (*issuers)->mapping("issuers"); !shape) return shape;
    if ((*issuers)->members().empty()) return (*issuers)->wrong("issuers names no issuer");
    std::set<std::string> taken = {"log", "ca", "audit"};  // the log's own name, and folders of an export
    for (const auto& [name, value] : (*issuers)->members()) {
      if (auto fits = new_name(value, "an issuer", name, taken); !fits) return fits;
      if (auto done = read_issuer(name, value); !done) return done;
    }
    return Done{};
  }

  Result<Done> read_issuer(const std::string& name, const YamlValue& value) {
    if (auto keys = value.mapping_of("issuer " + name, {"profiles", "permitted_names"}); !keys) return keys;
    auto profiles = value.member("issuer " + name, "profiles");
    if (!profiles) return pass_on(profiles);
    if (auto shape = (*profiles)->mapping("profiles"); !shape) return shape;
    const std::string path = fmt::format("issuers/{}.cnf", name);
    const ConfigurationFile* given = file(path);
    if (given == nullptr) return value.wrong(fmt::format("issuer {} lacks its file {}", name, path));
    auto config = IssuerConfig::parse(path, given->text);
    if (!config) return pass_on(config);
    IssuerSettings settings{std::move(*config), {}, {}};
    if (const YamlValue* permitted = value.find("permitted_names")) {
      auto names = read_permitted_names(*permitted);
      if (!names) return pass_on(names);
      settings.permitted = std::move(*names);
    }
    std::set<std::string> taken;
    for (const auto& [profile_name, profile_value] : (*profiles)->members()) {
      if (auto fits = new_name(profile_value, "a profile", profile_name, taken); !fits) return fits;
      auto profile = read_profile(profile_name, profile_value, settings.config);
      if (!profile) return pass_on(profile);
      settings.profiles.emplace(profile_name, std::move(*profile));
    }
    made_.issuers_.emplace(name, std::move(settings));
    return Done{};
  }

  Result<Done> read_roles(const YamlValue& root) {
    const YamlValue* roles = root.find("roles");
    if (roles == nullptr) return Done{};
    if (auto keys = roles->mapping_of("roles", {"users", "groups"}); !keys) return keys;
    if (auto done = read_role_map(*roles, "users", made_.roles_.users); !done) return done;
    return read_role_map(*roles, "groups", made_.roles_.groups);
  }

  static Result<Done> read_role_map(const YamlValue& roles, std::string_view key, std::map<std::uint32_t, Role>& to) {
    const YamlValue* value = roles.find(key);
    if (value == nullptr) return Done{};
    if (auto shape = value->mapping(key); !shape) return shape;
    for (const auto& [id, role] : value->members()) {
      const auto number = decimal(id, 1, 4'294'967'294);  // 2^32-1 is nobody to the kernel
      if (!number) {
        return role.wrong(fmt::format("{} under {} must be a numeric id above 0", printable(id), key),
                          "`id -u NAME` and `getent group NAME` show it");
      }
      auto chosen = choice<Role>(role, "role",
                                 {{"auditor", Role::Auditor},
                                  {"operator", Role::Operator},
                                  {"officer", Role::Officer},
                                  {"admin", Role::Admin}});
      if (!chosen) return pass_on(chosen);
      to.emplace(static_cast<std::uint32_t>(*number), *chosen);
    }
    return Done{};
  }

  Result<Done> read_limits(const YamlValue& root) {
    const YamlValue* limits = root.find("limits");
    if (limits == nullptr) return Done{};
    auto keys = limits->mapping_of("limits", {"request_octets", "requests", "name_entries", "alternative_names",
                                              "attributes", "extensions", "nesting", "request_seconds"});
    if (!keys) return keys;
    RequestLimits& request = made_.limits_.request;
    if (auto done = optional_number(*limits, "request_octets", request.octets, 1'024, 524'288); !done) return done;
    made_.limits_.inbox.octets_per_file = request.octets;
    if (auto done = optional_number(*limits, "requests", made_.limits_.inbox.files, 1, 1'000'000); !done) return done;
    if (auto done = optional_number(*limits, "name_entries", request.name_entries, 1, 1'000); !done) return done;
    if (auto done = optional_number(*limits, "alternative_names", request.alternative_names, 1, 1'000); !done) {
      return done;
    }
    if (auto done = optional_number(*limits, "attributes", request.attributes, 1, 250); !done) return done;
    if (auto done = optional_number(*limits, "extensions", request.extensions, 1, 250); !done) return done;
    if (auto done = optional_number(*limits, "nesting", request.nesting, 8, 64); !done) return done;
    std::int64_t seconds = request.time / std::chrono::seconds{1};
    if (auto done = optional_number(*limits, "request_seconds", seconds, 1, 600); !done) return done;
    request.time = std::chrono::seconds{seconds};
    return Done{};
  }

  Result<Done> read_keys_of(const YamlValue& root) {
    const YamlValue* value = root.find("keys");
    if (value == nullptr) return Done{};
    auto keys = read_keys(*value, data_files_);
    if (!keys) return pass_on(keys);
    made_.keys_ = std::move(*keys);
    return Done{};
  }

  Result<Done> read_times(const YamlValue& root) {
    std::int64_t minutes = 15;
    if (auto done = optional_number(root, "idle_lock_minutes", minutes, 1, 1'440); !done) return done;
    made_.idle_lock_ = std::chrono::minutes{minutes};
    if (const YamlValue* clock = root.find("clock")) {
      if (auto keys = clock->mapping_of("clock", {"longest_silence_days"}); !keys) return keys;
      std::int64_t days = 400;
      if (auto done = optional_number(*clock, "longest_silence_days", days, 1, 4'000); !done) return done;
      made_.longest_silence_ = std::chrono::hours{24 * days};
    }
    const YamlValue* validity = root.find("plan_validity");
    if (validity == nullptr) return Done{};
    if (auto keys = validity->mapping_of("plan_validity", {"leaf_hours", "ca_days"}); !keys) return keys;
    std::int64_t hours = 72;
    if (auto done = optional_number(*validity, "leaf_hours", hours, 1, 8'784); !done) return done;
    made_.leaf_plan_ = std::chrono::hours{hours};
    std::int64_t days = 30;
    if (auto done = optional_number(*validity, "ca_days", days, 1, 366); !done) return done;
    made_.ca_plan_ = std::chrono::hours{24 * days};
    return Done{};
  }

  // One key for two purposes would let a signature of the one pass for the other.
  Result<Done> check_keys() const {
    std::map<std::string_view, std::string_view> users = {{made_.log_key_, "log"}};
    for (const auto& [name, settings] : made_.issuers_) {
      const auto [other, fresh] = users.emplace(settings.config.private_key(), name);
      if (fresh) continue;
      return fail(ErrorKind::Usage,
                  fmt::format("{}: private_key is the key of {}, too", settings.config.file(), other->second),
                  "each issuer and the log have a key of their own");
    }
    return Done{};
  }

  Result<Done> check_files() const {
    for (const ConfigurationFile& given : made_.files_) {
      const bool known = given.name == kSettings || std::ranges::any_of(made_.issuers_, [&](const auto& issuer) {
                           return issuer.second.config.file() == given.name;
                         });
      if (known) continue;
      return fail(ErrorKind::Usage,
                  fmt::format("{}: sealroom.yaml names no issuer for this file", printable(given.name)));
    }
    return Done{};
  }

  const DataFileReader& data_files_;
  Configuration made_;
};

Result<Bytes> no_data_files(const std::string& path, std::size_t) {
  return fail(ErrorKind::Usage, fmt::format("{}: cannot be read without a home", path));
}

Result<Configuration> Configuration::load(std::vector<ConfigurationFile> files, const DataFileReader& data_files) {
  return ConfigurationReader(std::move(files), data_files).read();
}

const IssuerSettings* Configuration::issuer(std::string_view name) const {
  const auto found = issuers_.find(std::string(name));
  return found == issuers_.end() ? nullptr : &found->second;
}

const Profile* Configuration::profile(std::string_view issuer_name, std::string_view name) const {
  const IssuerSettings* settings = issuer(issuer_name);
  if (settings == nullptr) return nullptr;
  const auto found = settings->profiles.find(std::string(name));
  return found == settings->profiles.end() ? nullptr : &found->second;
}

}  // namespace sealroom
