#pragma once

#include <chrono>

#include "sealroom/base/time.hpp"

namespace sealroom {

// Deadline is the moment at which work on one thing is given up. It counts by Clock::since_boot, which nobody can set;
// once passed, it stays passed.
class Deadline {
 public:
  // `most` from now. `clock` outlives the deadline.
  Deadline(const Clock& clock, std::chrono::milliseconds most) : clock_(clock), end_(clock.since_boot() + most) {}

  bool passed() const { return clock_.since_boot() >= end_; }

 private:
  const Clock& clock_;
  std::chrono::milliseconds end_;
};

}  // namespace sealroom
