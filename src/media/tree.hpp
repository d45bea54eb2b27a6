#pragma once

#include <map>
#include <string>

#include "sealroom/base/bytes.hpp"
#include "sealroom/base/error.hpp"

namespace sealroom {

// Every regular file below the open `directory`, as path → SHA-256 of its octets as the medium (not the page cache,
// where that can be had) gives them. `name` stands in errors. Anything but files and folders is an error.
Result<std::map<std::string, Digest>> digests_in(int directory, const std::string& name);

// Removes `name` in `directory`, with everything in it if it is a folder; follows no links, crosses no mounts.
// False, with errno, when something remains. `name` need not exist.
bool remove_tree(int directory, const std::string& name);

}  // namespace sealroom
