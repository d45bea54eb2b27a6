#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "sealroom/base/json.hpp"

namespace sealroom::log {

// `value` in the canonical form of RFC 8785, restricted to what our documents use: objects with printable ASCII keys,
// strings of printable ASCII (callers escape anything else first, sealroom::printable), integers between -2^53 and
// 2^53, both excluded, true, false, null, nested at most 32 deep. One line without line feed. Aborts on anything
// outside the restriction: that is our bug. `depth` is how many objects and arrays it will stand in.
std::string canonical(const Json& value, unsigned depth = 0);

// The value that `text` holds; nothing unless `text` is exactly what canonical() writes for it.
std::optional<Json> parse_canonical(std::string_view text);

}  // namespace sealroom::log
