#pragma once

#include <string>

#include "sealroom/base/error.hpp"
#include "sealroom/base/json.hpp"

namespace sealroom::cli {

// One line of the doctor: what was looked at, how it is ("ok", "warning", "problem"), and what to do about it. A problem
// has the exit code of those who must act.
Json check_ok(std::string check, std::string detail);
Json check_warning(std::string check, std::string detail, std::string act);
Json check_problem(std::string check, ErrorKind kind, std::string detail, std::string act);

// What can be seen of the home at `home` and of this machine without a daemon, with the caller's rights: folders and
// modes, configuration, place on the disk, swap, random numbers, seccomp. Changes nothing. `configuration` is set to the
// digest (hex) of what is on the disk, "" when it cannot be read.
Json check_home(const std::string& home, std::string& configuration);

}  // namespace sealroom::cli
