#include "profile_reader.hpp"

#include <algorithm>
#include <cstdlib>

#include <fmt/format.h>

#include "extension_section.hpp"
#include "sealroom/base/text.hpp"
#include "yaml_fields.hpp"

namespace sealroom {
namespace {

constexpr int kMaximumDays = 36'525;  // a hundred years

// What is wrong when a section with these rights makes certificates of `profile`; "" when nothing is.
std::string_view misfit(const Profile& profile, const SectionRights& rights) {
  if (!rights.names_issuer_key && !profile.own_certificate) return "makes certificates without authorityKeyIdentifier";
  if (rights.any_usage) return "makes certificates for everything: extendedKeyUsage allows any usage";
  const Purpose purpose = profile.purpose;
  if (purpose == Purpose::Ca) {
    if (!rights.ca) return "makes no CA: basicConstraints lacks CA:TRUE";
    if (!rights.signs) return "makes a CA that may not sign: keyUsage lacks keyCertSign";
    if (!rights.constraints_critical) return "makes a CA whose basicConstraints is not critical";
    if (!rights.usage_critical) return "makes a CA whose keyUsage is not critical";
    return rights.names_subject_key ? "" : "makes a CA without subjectKeyIdentifier";
  }
  if (rights.netscape_ca) return "gives rights: nsCertType has rights of a CA";
  if (rights.ca) return "makes a CA: basicConstraints says CA:TRUE";
  if (rights.signs || rights.signs_crls) return "gives rights of a CA: keyUsage has keyCertSign or cRLSign";
  if (purpose == Purpose::Server) return rights.server_auth ? "" : "makes no server: extendedKeyUsage lacks serverAuth";
  return rights.client_auth ? "" : "makes no client: extendedKeyUsage lacks clientAuth";
}

Result<Done> read_names(const YamlValue& value, Profile& profile) {
  if (profile.purpose != Purpose::Server) profile.names.insert({NameKind::Email, NameKind::Uri});
  const YamlValue* kinds = value.find("names");
  if (kinds == nullptr) return Done{};
  if (auto shape = kinds->sequence("names"); !shape) return shape;
  profile.names.clear();
  for (const YamlValue& item : kinds->items()) {
    auto kind = choice<NameKind>(
        item, "names",
        {{"dns", NameKind::Dns}, {"ip", NameKind::Ip}, {"email", NameKind::Email}, {"uri", NameKind::Uri}});
    if (!kind) return pass_on(kind);
    if (!profile.names.insert(*kind).second) return item.wrong(fmt::format("names has {} twice", name_of(*kind)));
  }
  return Done{};
}

// The keys that certificates may have are of these types; those of one type get their extensions from one section.
Result<Done> read_sections(const YamlValue& value, Profile& profile) {
  const YamlValue* sections = value.find("section_for");
  if (sections == nullptr) return Done{};
  if (auto keys = sections->mapping_of("section_for", {"rsa", "ec"}); !keys) return keys;
  if (profile.own_certificate) {
    return sections->wrong("section_for is not for the issuer's own certificate: `openssl req` takes one section");
  }
  for (const auto& [type, section] : sections->members()) {
    auto name = section.text("section_for");
    if (!name) return pass_on(name);
    if (type == "rsa") {
      profile.section_for[KeyType::Rsa] = *name;
    } else {
      for (const KeyType curve : {KeyType::EcP256, KeyType::EcP384, KeyType::EcP521})
        profile.section_for[curve] = *name;
    }
  }
  return Done{};
}

Result<Done> read_profile_rules(const YamlValue& value, Profile& profile) {
  auto days = value.member("profile " + profile.name, "days");
  if (!days) return pass_on(days);
  if (auto done = optional_number(value, "days", profile.days, 1, kMaximumDays); !done) return done;
  profile.maximum_days = profile.days;
  if (auto done = optional_number(value, "maximum_days", profile.maximum_days, profile.days, kMaximumDays); !done) {
    return done;
  }
  auto past = optional_choice<PastIssuer>(value, "past_issuer", profile.past_issuer,
                                          {{"refuse", PastIssuer::Refuse}, {"cut", PastIssuer::Cut}});
  if (!past) return past;
  auto unknown =
      optional_choice<UnknownExtensions>(value, "unknown_extensions", profile.unknown_extensions,
                                         {{"refuse", UnknownExtensions::Refuse}, {"drop", UnknownExtensions::Drop}});
  if (!unknown) return unknown;
  auto wildcards = optional_choice<Wildcards>(value, "wildcards", profile.wildcards,
                                              {{"refuse", Wildcards::Refuse}, {"allow", Wildcards::Allow}});
  if (!wildcards) return wildcards;
  auto common = optional_choice<CommonName>(value, "common_name", profile.common_name,
                                            {{"any", CommonName::Any}, {"listed", CommonName::Listed}});
  if (!common) return common;
  if (auto names = read_names(value, profile); !names) return names;
  const YamlValue* approvals = value.find("approvals");
  if (approvals != nullptr && !approvals->number("approvals", 0, 0)) {
    return approvals->wrong("approvals must be 0: this version has no approvals");
  }
  return Done{};
}

Result<Done> judge(const YamlValue& value, const Profile& profile, const std::string& name,
                   const IssuerConfig& config) {
  if (!config.has_section(name)) {
    return value.wrong(
        fmt::format("profile {}: {} has no section of extensions [{}]", profile.name, config.file(), printable(name)));
  }
  const auto lines = config.extensions(name);
  if (profile.common_name == CommonName::Listed &&
      std::ranges::find(lines, "subjectAltName", &ExtensionLine::name) != lines.end()) {
    return value.wrong(
        fmt::format("profile {}: common_name: listed is about the names of a request, and section [{}] "
                    "has a subjectAltName of its own",
                    profile.name, name));
  }
  ConfSection section{name, 0, {}};
  for (const ExtensionLine& line : lines) {
    section.lines.push_back({line.name, line.value, line.line});
  }
  auto rights = try_extensions(config.file(), section, config.conf());
  if (!rights) return pass_on(rights);
  const auto wrong = misfit(profile, *rights);
  if (wrong.empty()) return Done{};
  return value.wrong(fmt::format("profile {} has purpose {}, but section [{}] of {} {}", profile.name,
                                 name_of(profile.purpose), name, config.file(), wrong));
}

}  // namespace

const std::string& Profile::section_of(KeyType key) const {
  const auto found = section_for.find(key);
  return found == section_for.end() ? section : found->second;
}

std::string_view name_of(NameKind kind) {
  switch (kind) {
    case NameKind::Dns: return "dns";
    case NameKind::Ip: return "ip";
    case NameKind::Email: return "email";
    case NameKind::Uri: return "uri";
  }
  std::abort();
}

std::string_view name_of(Purpose purpose) {
  switch (purpose) {
    case Purpose::Ca: return "ca";
    case Purpose::Server: return "server";
    case Purpose::Client: return "client";
  }
  std::abort();
}

Result<Profile> read_profile(const std::string& name, const YamlValue& value, const IssuerConfig& config) {
  auto keys =
      value.mapping_of("profile " + name, {"purpose", "days", "maximum_days", "section", "section_for", "past_issuer",
                                           "unknown_extensions", "wildcards", "names", "common_name", "approvals"});
  if (!keys) return pass_on(keys);
  Profile profile;
  profile.name = name;
  profile.section = name;
  if (value.find("section") != nullptr) {
    auto section = required_text(value, "profile " + name, "section");
    if (!section) return pass_on(section);
    profile.section = std::move(*section);
  }
  auto purpose = value.member("profile " + name, "purpose");
  if (!purpose) return pass_on(purpose);
  auto chosen = choice<Purpose>(**purpose, "purpose",
                                {{"ca", Purpose::Ca}, {"server", Purpose::Server}, {"client", Purpose::Client}});
  if (!chosen) return pass_on(chosen);
  profile.purpose = *chosen;
  if (auto rules = read_profile_rules(value, profile); !rules) return pass_on(rules);
  profile.own_certificate = profile.section == config.own_section();
  if (auto done = read_sections(value, profile); !done) return pass_on(done);
  if (auto fits = judge(value, profile, profile.section, config); !fits) return pass_on(fits);
  for (const auto& [type, section] : profile.section_for) {
    if (auto fits = judge(value, profile, section, config); !fits) return pass_on(fits);
  }
  return profile;
}

}  // namespace sealroom
