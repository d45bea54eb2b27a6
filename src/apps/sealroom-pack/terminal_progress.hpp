#pragma once

#include <cstddef>
#include <string>

namespace sealroom::pack {

// TerminalProgress shows on standard error how far large work is; nothing where that is no terminal or the work small.
class TerminalProgress {
 public:
  explicit TerminalProgress(std::string what) : what_(std::move(what)) {}

  void operator()(std::size_t done, std::size_t all);
  void finish();  // wipes the line

 private:
  std::string what_;
  std::size_t shown_ = 0;
};

}  // namespace sealroom::pack
