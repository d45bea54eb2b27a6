#pragma once

#include <string>

#include "sealroom/base/json.hpp"

namespace sealroom::log {

// `value` in the canonical form of RFC 8785, restricted to what our documents use: objects with printable ASCII keys,
// strings of printable ASCII (callers escape anything else first, sealroom::printable), integers between -2^53 and
// 2^53, both excluded, true, false, null, nested at most 32 deep. One line without line feed. Aborts on anything
// outside the restriction: that is our bug.
std::string canonical(const Json& value);

// Whether `text` is exactly what canonical() would write for the value that it holds.
bool is_canonical(std::string_view text);

}  // namespace sealroom::log
