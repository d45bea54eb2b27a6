#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sealroom/base/bytes.hpp"

namespace sealroom {

// The names under which certificates leave: the stem of the request's file when it matches
// [A-Za-z0-9_][A-Za-z0-9._-]{0,79}, has no trailing dot and is no DOS device name; otherwise, and when two in the
// batch are equal ignoring case, "req-" and the first 16 hex digits of the request's SHA-256.
class OutputNames {
 public:
  // `paths` are all paths of the batch below one requests/ISSUER/PROFILE, as on the medium.
  explicit OutputNames(const std::vector<std::string>& paths);
  std::string name_for(std::string_view path, const Digest& request) const;

 private:
  std::vector<std::string> taken_twice_;  // lower-cased stems, sorted
};

}  // namespace sealroom
