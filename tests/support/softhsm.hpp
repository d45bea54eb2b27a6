#pragma once

#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/run_program.hpp"
#include "support/temporary_directory.hpp"

namespace sealroom::testing {

// SoftHsm is a private SoftHSM store in a temporary directory, with initialised tokens in it; this process and its
// children see no other (SOFTHSM2_CONF, which SoftHSM reads at C_Initialize). A process that outlives five minutes
// with one is killed: what hangs, fails.
class SoftHsm {
 public:
  static constexpr auto kPin = "271828";
  static constexpr auto kSoPin = "31415926";

  explicit SoftHsm(const std::vector<std::string>& labels = {"sealroom-test"}) {
    alarm(300);
    std::filesystem::create_directory(directory_ / "tokens");
    directory_.write("softhsm2.conf", "directories.tokendir = " + (directory_ / "tokens") +
                                          "\nobjectstore.backend = file\nlog.level = ERROR\n");
    setenv("SOFTHSM2_CONF", (directory_ / "softhsm2.conf").c_str(), 1);
    for (const auto& label : labels) add_token(label);
  }
  SoftHsm(const SoftHsm&) = delete;
  SoftHsm& operator=(const SoftHsm&) = delete;
  ~SoftHsm() { alarm(0); }

  // Makes another token, also one with a label that exists. Not while this process has the module loaded.
  void add_token(const std::string& label) {
    const auto made = run_program({"softhsm2-util", "--module", module(), "--init-token", "--free", "--label", label,
                                   "--so-pin", kSoPin, "--pin", kPin});
    if (made.exit_code != 0) throw std::runtime_error("softhsm2-util: " + made.out + made.err);
  }

  static std::string module() {
    for (const auto* path : {"/usr/lib/softhsm/libsofthsm2.so", "/usr/lib64/pkcs11/libsofthsm2.so"}) {
      if (std::filesystem::exists(path)) return path;
    }
    throw std::runtime_error("libsofthsm2.so is not installed");
  }

  const TemporaryDirectory& directory() const { return directory_; }
  std::string configuration() const { return directory_ / "softhsm2.conf"; }

 private:
  TemporaryDirectory directory_;
};

}  // namespace sealroom::testing
