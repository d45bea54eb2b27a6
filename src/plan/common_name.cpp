#include <arpa/inet.h>

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "general_name_syntax.hpp"
#include "rules.hpp"
#include "sealroom/base/text.hpp"
#include "sealroom/x509/name.hpp"
#include "usages.hpp"

namespace sealroom {
namespace {

constexpr std::string_view kCommonName = "2.5.4.3";

// `text` as printable_general_names() writes a host: an address in its shortest form, a name in small letters.
std::string as_listed(const std::string& text) {
  std::array<char, INET6_ADDRSTRLEN> shortest{};
  const auto octets = address_octets(text);
  if (!octets) return "DNS:" + ascii_lower(text);
  const int family = octets->size() == 4 ? AF_INET : AF_INET6;
  return std::string("IP:") + inet_ntop(family, octets->data(), shortest.data(), shortest.size());
}

std::vector<std::string> listed_hosts(const ParsedRequest& request) {
  const auto names = std::ranges::find(request.extensions(), kAlternativeName, &RequestedExtension::oid);
  if (names == request.extensions().end()) return {};
  auto hosts = printable_general_names(names->value);
  std::erase_if(hosts, [](const auto& name) { return !name.starts_with("DNS:") && !name.starts_with("IP:"); });
  for (auto& host : hosts) {
    if (host.starts_with("DNS:")) host = "DNS:" + ascii_lower(host.substr(4));
  }
  return hosts;
}

// A client that looks at the common name takes a wildcard there for as much as one in subjectAltName.
void judge_wildcard(std::string_view name, const Profile& profile, Examination& examination) {
  if (profile.purpose != Purpose::Server || !is_like_wildcard(name)) return;
  if (const auto trouble = wildcard_trouble(name)) {
    refuse(examination, "names.wildcard", fmt::format("commonName \"{}\" {}; correct it", printable(name), *trouble));
  } else if (profile.wildcards == Wildcards::Refuse) {
    refuse(examination, "names.wildcard",
           fmt::format("commonName \"{}\" is a wildcard, and profile {} allows none; name a host", printable(name),
                       profile.name));
  }
}

void judge_listed(const std::string& name, const std::vector<std::string>& hosts, const Profile& profile,
                  Examination& examination) {
  // That a server has no hosts at all is said by names.missing-san.
  if (profile.common_name != CommonName::Listed || (hosts.empty() && profile.purpose == Purpose::Server)) return;
  if (std::ranges::find(hosts, as_listed(name)) != hosts.end()) return;
  refuse(examination, "names.common-name",
         fmt::format("commonName \"{}\" is none of the DNS and IP names of subjectAltName, and profile {} says "
                     "common_name: listed; add it there or take one of those as commonName",
                     name, profile.name));
}

}  // namespace

void judge_common_name(const ParsedRequest& request, const Rules& rules, Examination& examination) {
  if (rules.profile == nullptr) return;
  const auto subject = name_entries(examination.subject.empty() ? request.subject() : examination.subject);
  if (!subject) return;
  const auto hosts = listed_hosts(request);
  for (const auto& entry : *subject) {
    if (entry.oid != kCommonName) continue;
    judge_wildcard(as_text(entry.value), *rules.profile, examination);
    judge_listed(printable(as_text(entry.value)), hosts, *rules.profile, examination);
  }
}

}  // namespace sealroom
