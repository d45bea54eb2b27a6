#include <catch2/catch.hpp>

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sealroom/base/file.hpp"
#include "support/shim.hpp"
#include "support/softhsm.hpp"
#include "support/unlocked.hpp"

using namespace sealroom;
using namespace sealroom::testing;

namespace {

// The signal that ends a child which loads the module through the shim and lists its tokens; 0 when none does.
int signal_that_ends_a_child(unsigned seconds = 60) {
  const pid_t child = fork();
  if (child == 0) {
    signal(SIGABRT, SIG_DFL);  // Catch would report the child's death as its own
    const Fd nowhere(open("/dev/null", O_WRONLY | O_CLOEXEC));
    dup2(nowhere.get(), STDERR_FILENO);
    alarm(seconds);
    const auto module = Module::load(SEALROOM_SHIM);
    _exit(module && (*module)->tokens() ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

}  // namespace

TEST_CASE("the shim kills before or after a call, and hangs, when it is told to") {
  const SoftHsm hsm;
  const Shim shim(hsm.module());
  CHECK(signal_that_ends_a_child() == 0);
  CHECK(shim.calls("C_GetSlotList") == 2);
  for (const auto* action : {"kill-before", "kill-after"}) {
    shim.plan(std::string("C_GetSlotList:2=") + action);
    CHECK(signal_that_ends_a_child() == SIGKILL);
  }
  CHECK(shim.calls("C_GetSlotList") == 6);
  shim.plan("C_GetTokenInfo=hang");
  CHECK(signal_that_ends_a_child(2) == SIGALRM);
}

TEST_CASE("the shim aborts on a plan that it does not understand") {
  const SoftHsm hsm;
  const Shim shim(hsm.module());
  for (const auto* plan : {"C_Sign", "C_Sign=CKR_NONSENSE", "C_Sign:0=hang", "C_Sign:x=hang", "Sign=hang"}) {
    shim.plan(plan);
    CHECK(signal_that_ends_a_child() == SIGABRT);
  }
}

TEST_CASE("the shim counts calls for each entry from the last change of the plan") {
  const SoftHsm hsm;
  const Shim shim(hsm.module());
  const auto module = must(Module::load(SEALROOM_SHIM));
  shim.plan("C_GetSlotList:3=CKR_DEVICE_ERROR\nC_GetSlotList:4+=0x30");
  CHECK(module->tokens().has_value());  // two calls
  CHECK_FALSE(module->tokens().has_value());
  CHECK_FALSE(module->tokens().has_value());
  shim.plan("C_GetSlotList:3=CKR_DEVICE_ERROR");
  CHECK(module->tokens().has_value());
  CHECK_FALSE(module->tokens().has_value());
  CHECK(module->tokens().has_value());
}
