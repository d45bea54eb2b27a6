#pragma once

#include <stdlib.h>

#include <filesystem>
#include <sstream>
#include <string>
#include <string_view>

#include "support/temporary_directory.hpp"

namespace sealroom::testing {

// Shim sets up the faulting module (tests/shim/pkcs11_shim.c, which explains plans) in front of `real` for this process
// and its children. The plan can change at any time; calls are logged from the loading of the module on.
class Shim {
 public:
  explicit Shim(const std::string& real) {
    directory_.write("plan", "");
    setenv("SEALROOM_SHIM_MODULE", real.c_str(), 1);
    setenv("SEALROOM_SHIM_PLAN_FILE", (directory_ / "plan").c_str(), 1);
    setenv("SEALROOM_SHIM_COUNTS", (directory_ / "calls").c_str(), 1);
  }

  // From the next call on; counts of calls in the plan start at 1 again.
  void plan(std::string_view text) const {
    directory_.write("plan.new", text);
    std::filesystem::rename(directory_ / "plan.new", directory_ / "plan");
  }

  // How often `function` was called so far.
  int calls(std::string_view function) const {
    if (!std::filesystem::exists(directory_ / "calls")) return 0;
    std::istringstream log(directory_.read("calls"));
    int count = 0;
    std::string number, name;
    while (log >> number >> name) count += name == function ? 1 : 0;
    return count;
  }

  std::string log() const { return directory_.read("calls"); }

 private:
  TemporaryDirectory directory_;
};

}  // namespace sealroom::testing
