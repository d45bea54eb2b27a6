#include "validity_time.hpp"

#include <string>
#include <string_view>

#include <fmt/format.h>

namespace sealroom {
namespace {

constexpr std::uint8_t kUtcTime = 0x17;
constexpr std::uint8_t kGeneralizedTime = 0x18;

}  // namespace

std::optional<Instant> read_validity_time(const der::Value& time) {
  const std::string_view text = as_text(time.contents);
  std::string digits;
  if (time.identifier == kUtcTime && text.size() == 13) {
    digits = (text[0] < '5' ? "20" : "19") + std::string(text);
  } else if (time.identifier == kGeneralizedTime && text.size() == 15) {
    digits = text;
  } else {
    return std::nullopt;
  }
  const std::string_view d = digits;
  return from_rfc3339(fmt::format("{}-{}-{}T{}:{}:{}{}", d.substr(0, 4), d.substr(4, 2), d.substr(6, 2), d.substr(8, 2),
                                  d.substr(10, 2), d.substr(12, 2), d.substr(14)));
}

}  // namespace sealroom
