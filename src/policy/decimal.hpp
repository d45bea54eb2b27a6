#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

namespace sealroom {

// The number of a plain decimal without sign or leading zero, from `least` to `most`; nothing otherwise. Other
// readers disagree on what "010" is: 10 to NCONF, 8 to yaml-cpp.
inline std::optional<std::int64_t> decimal(std::string_view text, std::int64_t least, std::int64_t most) {
  if (text.empty() || (text.size() > 1 && text.front() == '0') || text.front() == '-') return std::nullopt;
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < least || value > most) return std::nullopt;
  return value;
}

}  // namespace sealroom
