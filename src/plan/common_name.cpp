#include <arpa/inet.h>

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "rules.hpp"
#include "sealroom/base/text.hpp"
#include "sealroom/x509/name.hpp"
#include "usages.hpp"

namespace sealroom {
namespace {

constexpr std::string_view kCommonName = "2.5.4.3";

// `text` as printable_general_names() writes a host: an address in its shortest form, a name in small letters.
std::string as_listed(const std::string& text) {
  std::array<std::uint8_t, 16> octets{};
  std::array<char, INET6_ADDRSTRLEN> shortest{};
  for (const int family : {AF_INET, AF_INET6}) {
    if (inet_pton(family, text.c_str(), octets.data()) != 1) continue;
    return std::string("IP:") + inet_ntop(family, octets.data(), shortest.data(), shortest.size());
  }
  return "DNS:" + ascii_lower(text);
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

}  // namespace

void judge_common_name(const ParsedRequest& request, const Rules& rules, Examination& examination) {
  if (rules.profile == nullptr || rules.profile->common_name != CommonName::Listed) return;
  const auto subject = name_entries(examination.subject.empty() ? request.subject() : examination.subject);
  const auto hosts = listed_hosts(request);
  // That a server has no names at all is said by names.missing-san.
  if (!subject || (hosts.empty() && rules.profile->purpose == Purpose::Server)) return;
  for (const auto& entry : *subject) {
    if (entry.oid != kCommonName) continue;
    const auto name = printable(as_text(entry.value));
    if (std::ranges::find(hosts, as_listed(name)) != hosts.end()) continue;
    refuse(examination, "names.common-name",
           fmt::format("commonName \"{}\" is none of the DNS and IP names of subjectAltName, and profile {} says "
                       "common_name: listed; add it there or take one of those as commonName",
                       name, rules.profile->name));
  }
}

}  // namespace sealroom
