#pragma once

#include <string>
#include <vector>

#include "der_reader.hpp"
#include "sealroom/x509/request.hpp"

namespace sealroom {

struct RequestAttributes {
  std::vector<RequestedExtension> extensions;
  std::vector<std::string> attributes;  // dotted identifiers
};

// Reads the attributes of a request (RFC 2986 section 4.1), `contents` being values that der::check() passed. What is
// malformed, doubled or contradictory becomes a finding and is left out; a set or list longer than its limit is not read.
RequestAttributes read_request_attributes(ByteView contents, const RequestLimits& limits, Findings& findings);

}  // namespace sealroom
