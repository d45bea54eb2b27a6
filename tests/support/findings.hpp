#pragma once

#include <algorithm>
#include <ostream>
#include <set>
#include <string>
#include <vector>

#include "sealroom/x509/finding.hpp"

namespace sealroom {

// For Catch's messages.
inline std::ostream& operator<<(std::ostream& out, const Finding& finding) {
  return out << finding.id << " (" << finding.detail << ")";
}

}  // namespace sealroom

namespace sealroom::testing {

inline std::set<std::string> ids_of(const Findings& findings) {
  std::set<std::string> ids;
  for (const auto& finding : findings) ids.insert(finding.id);
  return ids;
}

inline bool is_printable_ascii(const std::string& text) {
  return std::ranges::all_of(text, [](char c) { return c >= 0x20 && c <= 0x7e; });
}

}  // namespace sealroom::testing
