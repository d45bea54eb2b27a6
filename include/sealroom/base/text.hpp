#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sealroom {

// `text` in printable ASCII: 0x20 to 0x7e stay, a backslash becomes two, every other octet becomes \xNN.
// The only way in which octets from outside reach a terminal, a log entry, a report or an error message.
std::string printable(std::string_view text);

// `text`, which is printable already, safe inside HTML text and double-quoted attributes.
std::string html_escaped(std::string_view text);

std::vector<std::string_view> split(std::string_view text, char separator);

// `text` without leading and trailing blanks and tabs.
std::string_view trimmed(std::string_view text);

// ASCII letters lower-cased; every other octet stays.
std::string ascii_lower(std::string_view text);

}  // namespace sealroom
