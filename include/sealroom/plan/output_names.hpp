#pragma once

#include <set>
#include <string>
#include <string_view>

#include "sealroom/base/bytes.hpp"

namespace sealroom {

// The names under which certificates leave: the stem of the request's file when it matches
// [A-Za-z0-9_][A-Za-z0-9._-]{0,79}, has no trailing dot and is no DOS device name; otherwise, and when two in the
// batch are equal ignoring case, "req-" and the first 16 hex digits of the request's SHA-256.
class OutputNames {
 public:
  // Every path of the batch below one requests/ISSUER/PROFILE, as on the medium, is added before the first name is
  // asked for.
  void add(std::string_view path);
  std::string name_for(std::string_view path, const Digest& request) const;

 private:
  std::set<std::string> stems_;  // lower-cased; only those that could be a name
  std::set<std::string> taken_twice_;
};

}  // namespace sealroom
