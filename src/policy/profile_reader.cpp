#include "profile_reader.hpp"

#include <cstdlib>

#include <fmt/format.h>

#include "extension_section.hpp"
#include "sealroom/base/text.hpp"
#include "yaml_fields.hpp"

namespace sealroom {
namespace {

constexpr int kMaximumDays = 36'525;  // a hundred years

// What is wrong when a section with these rights makes certificates for `purpose`; "" when nothing is.
std::string_view misfit(Purpose purpose, const SectionRights& rights) {
  if (purpose == Purpose::Ca) {
    if (!rights.ca) return "makes no CA: basicConstraints lacks CA:TRUE";
    return rights.signs ? "" : "makes a CA that may not sign: keyUsage lacks keyCertSign";
  }
  if (rights.ca) return "makes a CA: basicConstraints says CA:TRUE";
  if (rights.signs || rights.signs_crls) return "gives rights of a CA: keyUsage has keyCertSign or cRLSign";
  if (purpose == Purpose::Server) return rights.server_auth ? "" : "makes no server: extendedKeyUsage lacks serverAuth";
  return rights.client_auth ? "" : "makes no client: extendedKeyUsage lacks clientAuth";
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
  auto unknown = optional_choice<UnknownExtensions>(
      value, "unknown_extensions", profile.unknown_extensions,
      {{"refuse", UnknownExtensions::Refuse}, {"drop", UnknownExtensions::Drop}});
  if (!unknown) return unknown;
  auto wildcards = optional_choice<Wildcards>(value, "wildcards", profile.wildcards,
                                              {{"refuse", Wildcards::Refuse}, {"allow", Wildcards::Allow}});
  if (!wildcards) return wildcards;
  const YamlValue* approvals = value.find("approvals");
  if (approvals != nullptr && !approvals->number("approvals", 0, 0)) {
    return approvals->wrong("approvals must be 0: this version has no approvals");
  }
  return Done{};
}

Result<Done> judge(const YamlValue& value, const Profile& profile, const IssuerConfig& config) {
  if (!config.has_section(profile.section)) {
    return value.wrong(fmt::format("profile {}: {} has no section of extensions [{}]", profile.name, config.file(),
                                   printable(profile.section)));
  }
  ConfSection section{profile.section, 0, {}};
  for (const ExtensionLine& line : config.extensions(profile.section)) {
    section.lines.push_back({line.name, line.value, line.line});
  }
  auto rights = try_extensions(config.file(), section, config.conf());
  if (!rights) return pass_on(rights);
  const auto wrong = misfit(profile.purpose, *rights);
  if (wrong.empty()) return Done{};
  return value.wrong(fmt::format("profile {} has purpose {}, but section [{}] of {} {}", profile.name,
                                 name_of(profile.purpose), profile.section, config.file(), wrong));
}

}  // namespace

std::string_view name_of(Purpose purpose) {
  switch (purpose) {
    case Purpose::Ca: return "ca";
    case Purpose::Server: return "server";
    case Purpose::Client: return "client";
  }
  std::abort();
}

Result<Profile> read_profile(const std::string& name, const YamlValue& value, const IssuerConfig& config) {
  auto keys = value.mapping_of("profile " + name, {"purpose", "days", "maximum_days", "section", "past_issuer",
                                                   "unknown_extensions", "wildcards", "approvals"});
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
  auto chosen = choice<Purpose>(**purpose, "purpose", {{"ca", Purpose::Ca}, {"server", Purpose::Server},
                                                       {"client", Purpose::Client}});
  if (!chosen) return pass_on(chosen);
  profile.purpose = *chosen;
  if (auto rules = read_profile_rules(value, profile); !rules) return pass_on(rules);
  profile.own_certificate = profile.section == config.own_section();
  if (auto fits = judge(value, profile, config); !fits) return pass_on(fits);
  return profile;
}

}  // namespace sealroom
