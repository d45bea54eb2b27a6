#pragma once

#include <sys/types.h>

#include <string>

#include "sealroom/base/bytes.hpp"
#include "sealroom/base/error.hpp"

namespace sealroom {

// Copies the regular file `path` below `folder`, reached without following links or crossing mounts, to the new file
// `target` of `mode`, durable, provided that its octets have the digest `expected`. After an error there is no `target`.
// Errors: Failed.
Result<Done> copy_file(const std::string& folder, const std::string& path, const Digest& expected,
                       const std::string& target, mode_t mode);

}  // namespace sealroom
