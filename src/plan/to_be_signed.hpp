#pragma once

#include <optional>

#include "sealroom/base/bytes.hpp"

namespace sealroom {

// The first parts of a TBSCertificate of version 3 (RFC 5280 section 4.1), viewed where they stand.
struct ToBeSignedParts {
  ByteView serial;     // contents octets of the INTEGER
  ByteView algorithm;  // the whole AlgorithmIdentifier
};

// Nothing when `to_be_signed` is not exactly one SEQUENCE that begins so.
std::optional<ToBeSignedParts> parts_of(ByteView to_be_signed);

}  // namespace sealroom
