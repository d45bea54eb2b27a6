#pragma once

#include <string>
#include <vector>

#include "der_reader.hpp"
#include "sealroom/x509/request.hpp"

namespace sealroom {

struct RequestAttributes {
  std::vector<RequestedExtension> extensions;
  std::vector<std::string> others;  // dotted identifiers of the attributes that are no extension request
};

// Reads the attributes of a request (RFC 2986 section 4.1), `contents` being values that der::check() passed. What is
// malformed, doubled or contradictory becomes a finding and is left out.
RequestAttributes read_request_attributes(ByteView contents, const RequestLimits& limits, Findings& findings);

}  // namespace sealroom
