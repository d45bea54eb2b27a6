#pragma once

#include <string>

#include "sealroom/base/bytes.hpp"

namespace sealroom {

// Submission is one request as it came from a medium: bounded octets and the path they had, trusted for nothing.
struct Submission {
  std::string path;    // octets as on the medium, relative to requests/; never a path to open or write
  Bytes octets;
};

}  // namespace sealroom
