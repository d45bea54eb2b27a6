#include "terminal_progress.hpp"

#include <unistd.h>

#include <cstdio>

#include <fmt/format.h>

namespace sealroom::pack {
namespace {

constexpr std::size_t kLarge = 1000;
constexpr std::size_t kStep = 100;

}  // namespace

void TerminalProgress::operator()(std::size_t done, std::size_t all) {
  if (all < kLarge || done < shown_ + kStep || isatty(STDERR_FILENO) == 0) return;
  shown_ = done;
  fmt::print(stderr, "\r{} of {} {}", done, all, what_);
}

void TerminalProgress::finish() {
  if (shown_ > 0) fmt::print(stderr, "\r\033[K");
}

}  // namespace sealroom::pack
