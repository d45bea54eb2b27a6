#pragma once

#include <set>
#include <string>
#include <string_view>

#include "sealroom/x509/request.hpp"
#include "support/findings.hpp"

namespace sealroom::testing {

using Ids = std::set<std::string>;

// The ids with which `octets` are refused by parse() or, after it, by verify(); empty when they are accepted.
inline Ids refused_with(ByteView octets, const RequestLimits& limits = {}) {
  auto parsed = ParsedRequest::parse(octets, limits);
  if (!parsed) return ids_of(parsed.error());
  auto verified = VerifiedCsr::verify(std::move(*parsed));
  if (!verified) return {verified.error().id};
  return {};
}

inline Ids refused_with(std::string_view text, const RequestLimits& limits = {}) {
  return refused_with(as_bytes(text), limits);
}

// Every detail with which `octets` are refused by parse(), one a line.
inline std::string details_of(ByteView octets, const RequestLimits& limits = {}) {
  std::string all;
  const auto parsed = ParsedRequest::parse(octets, limits);
  if (parsed) return all;
  for (const auto& finding : parsed.error()) all += finding.detail + "\n";
  return all;
}

}  // namespace sealroom::testing
