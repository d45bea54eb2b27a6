#pragma once

#include <string>

#include "sealroom/audit/verify.hpp"
#include "sealroom/base/json.hpp"

namespace sealroom::verify {

// The exit codes beside those of ErrorKind (docs/audit-log.md, sealroom-verify).
inline constexpr int kVerified = 0;
inline constexpr int kNotAnchored = 4;  // everything agrees, with itself only
inline constexpr int kDisagrees = 6;

int exit_code_of(const Verification& verification);

Json json_of(const Verification& verification);
std::string text_of(const Verification& verification);

// The document of show_plans for a terminal.
std::string plans_text(const Json& plans);

}  // namespace sealroom::verify
