#pragma once

#include <limits>
#include <string_view>

#include <nlohmann/json.hpp>

#include "sealroom/base/error.hpp"

namespace sealroom {

using Json = nlohmann::json;

// Parses one JSON text. Duplicate members, nesting deeper than 32, floating point numbers, invalid UTF-8 and
// anything behind the value are errors (Usage): nlohmann alone would keep the last duplicate and crash when a
// deeply nested value is written. `what` names the text in the message. More than `most` values, lists and objects
// included, are an error, too, before they fill the memory.
Result<Json> parse_json(std::string_view text, std::string_view what,
                        std::size_t most = std::numeric_limits<std::size_t>::max());

}  // namespace sealroom
