#include "characters.hpp"

#include <array>
#include <utility>

namespace sealroom {

bool has_control_character(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto octet = static_cast<unsigned char>(text[i]);
    if (octet < 0x20 || octet == 0x7f) return true;
    const bool c1 = octet == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0;
    if (c1) return true;
  }
  return false;
}

bool has_invisible_character(std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kRanges{{
      {"\u200b", "\u200b"},  // blank of no width; its neighbours join letters of some scripts, and stay
      {"\u200e", "\u200f"},  // left-to-right and right-to-left mark
      {"\u2028", "\u202e"},  // separators, embeddings, overrides
      {"\u2060", "\u2069"},  // joiner of words, isolates
  }};
  for (std::size_t i = 0; i + 3 <= text.size(); ++i) {
    const auto three = text.substr(i, 3);
    if (three == "\ufeff") return true;
    for (const auto& [first, last] : kRanges) {
      if (three >= first && three <= last) return true;
    }
  }
  return false;
}

}  // namespace sealroom
