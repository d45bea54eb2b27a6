#pragma once

#include <string_view>

// ASCII and UTF-8, independent of any locale.
namespace sealroom {

constexpr bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

// NUL and the other C0 characters, DEL, and C1 in UTF-8.
bool has_control_character(std::string_view text);

}  // namespace sealroom
