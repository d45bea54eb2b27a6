#pragma once

#include <string>

#include "sealroom/base/error.hpp"

// Which program it was: what log entries say of the software.
namespace sealroom::daemon {

// SHA-256 of the octets of a file, lower-case hexadecimal. Error (Failed) when it cannot be read.
Result<std::string> digest_of_file(const std::string& path);

// That of the program which runs.
Result<std::string> own_digest();

}  // namespace sealroom::daemon
