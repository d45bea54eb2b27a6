#pragma once

#include <optional>

#include "sealroom/base/bytes.hpp"

namespace sealroom {

// BasicConstraints (RFC 5280 section 4.2.1.9).
struct BasicConstraints {
  bool ca = false;
  std::optional<long> path_length;
};

// The meaning of an extension's value; nothing when it is not DER of its type.
std::optional<BasicConstraints> read_basic_constraints(ByteView value);

// Whether a keyUsage value (RFC 5280 section 4.2.1.3) has keyCertSign; nothing when it is not DER of its type.
std::optional<bool> read_key_cert_sign(ByteView value);

}  // namespace sealroom
