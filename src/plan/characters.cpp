#include "characters.hpp"

#include <algorithm>
#include <array>

namespace sealroom {
namespace {

struct Range {
  char32_t first;
  char32_t last;
  bool holds(char32_t c) const { return c >= first && c <= last; }
};

bool in_any(const auto& ranges, char32_t c) {
  return std::ranges::any_of(ranges, [&](const Range& range) { return range.holds(c); });
}

// Takes the next character off the front of `text`, which is not empty. An octet that begins none stands for itself.
char32_t take_character(std::string_view& text) {
  const auto octet = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto lead = octet(0);
  const std::size_t more = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : lead >= 0xc0 ? 1 : 0;
  char32_t character = more == 0 ? lead : lead & (0x3fU >> more);
  if (more >= text.size()) character = lead;
  const std::size_t size = more >= text.size() ? 1 : more + 1;
  for (std::size_t i = 1; i < size; ++i) character = (character << 6U) | (octet(i) & 0x3fU);
  text.remove_prefix(size);
  return character;
}

bool any_character(std::string_view text, const auto& is) {
  while (!text.empty()) {
    if (is(take_character(text))) return true;
  }
  return false;
}

bool is_invisible(char32_t c) {
  static constexpr std::array<Range, 16> kRanges{{
      {0x00ad, 0x00ad},    // soft hyphen
      {0x034f, 0x034f},    // joiner of graphemes
      {0x061c, 0x061c},    // Arabic letter mark
      {0x115f, 0x1160},    // fillers of Hangul
      {0x17b4, 0x17b5},    // inherent vowels of Khmer
      {0x180b, 0x180e},    // selectors of Mongolian
      {0x200b, 0x200b},    // blank of no width; its neighbours join letters of some scripts, and stay
      {0x200e, 0x200f},    // left-to-right and right-to-left mark
      {0x2028, 0x202e},    // separators, embeddings, overrides
      {0x2060, 0x206f},    // joiner of words, operators, isolates, deprecated marks
      {0x3164, 0x3164},    // filler of Hangul
      {0xfe00, 0xfe0f},    // selectors of a variant
      {0xfeff, 0xfeff},    // byte order mark
      {0xffa0, 0xffa0},    // filler of Hangul, half width
      {0xfff9, 0xfffb},    // annotations
      {0xe0000, 0xe0fff},  // tags, further selectors
  }};
  return in_any(kRanges, c);
}

bool is_blank(char32_t c) {
  static constexpr std::array<Range, 9> kRanges{{
      {0x0009, 0x0009},
      {0x0020, 0x0020},
      {0x00a0, 0x00a0},
      {0x1680, 0x1680},
      {0x2000, 0x200a},
      {0x202f, 0x202f},
      {0x205f, 0x205f},
      {0x2800, 0x2800},  // Braille pattern without dots
      {0x3000, 0x3000},
  }};
  return in_any(kRanges, c);
}

}  // namespace

bool has_control_character(std::string_view text) {
  return any_character(text, [](char32_t c) { return c < 0x20 || (c >= 0x7f && c < 0xa0); });
}

bool has_invisible_character(std::string_view text) { return any_character(text, is_invisible); }

bool is_only_blanks(std::string_view text) {
  return !any_character(text, [](char32_t c) { return !is_blank(c); });
}

}  // namespace sealroom
