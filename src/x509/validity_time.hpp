#pragma once

#include <optional>

#include "der_reader.hpp"
#include "sealroom/base/time.hpp"

namespace sealroom {

// The moment in a UTCTime "YYMMDDHHMMSSZ" or GeneralizedTime "YYYYMMDDHHMMSSZ" (RFC 5280 section 4.1.2.5); nothing for
// any other form.
std::optional<Instant> read_validity_time(const der::Value& time);

}  // namespace sealroom
