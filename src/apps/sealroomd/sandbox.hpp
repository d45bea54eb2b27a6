#pragma once

#include "sealroom/base/error.hpp"

namespace sealroom::daemon {

// Before anything secret is in memory: no core dumps, no tracing, files for nobody else.
Result<Done> harden_process();

// After the module is loaded, before the first thread starts: from here on no network socket, no new program, no
// ptrace, no io_uring, no kernel module, no mount (seccomp). Every later thread inherits it.
Result<Done> close_the_door();

}  // namespace sealroom::daemon
