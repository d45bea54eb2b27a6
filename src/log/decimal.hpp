#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace sealroom::log {

// A decimal number without sign or leading zero, of at most 19 digits.
inline std::optional<std::uint64_t> read_decimal(std::string_view text) {
  if (text.empty() || text.size() > 19 || (text.size() > 1 && text.front() == '0')) return std::nullopt;
  std::uint64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return value;
}

}  // namespace sealroom::log
