#pragma once

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <stdexcept>

namespace sealroom::testing {

// Whether `act` ends its process by abort(), tried in a child of this one.
inline bool aborts(const std::function<void()>& act) {
  const pid_t child = fork();
  if (child < 0) throw std::runtime_error("fork failed");
  if (child == 0) {
    const rlimit none{0, 0};
    setrlimit(RLIMIT_CORE, &none);
    signal(SIGABRT, SIG_DFL);  // the test program's own handler would report a failure
    act();
    _exit(0);
  }
  int status = 0;
  if (waitpid(child, &status, 0) != child) throw std::runtime_error("waitpid failed");
  return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

}  // namespace sealroom::testing
