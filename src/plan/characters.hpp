#pragma once

#include <string_view>

// ASCII and UTF-8, independent of any locale.
namespace sealroom {

constexpr bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

// NUL and the other C0 characters, DEL, and C1 in UTF-8.
bool has_control_character(std::string_view text);

// Characters of UTF-8 that show nothing and change how the rest is shown or compared: marks, overrides and isolates of
// the writing direction, line and paragraph separators, blanks without width, fillers, soft hyphens, selectors, tags
// (Default_Ignorable_Code_Point of the Unicode Standard; its Annex 9; Technical Report 36 section 2.5). A name with one
// of them is read by people as another. The two joiners U+200C and U+200D are let through: some scripts need them.
bool has_invisible_character(std::string_view text);

// `text`, in UTF-8, is empty or has only characters that show an empty place: tab, blank, blanks of other widths, the
// Braille pattern without dots.
bool is_only_blanks(std::string_view text);

}  // namespace sealroom
