#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace sealroom::daemon {

// Desk is a thread that does one thing after the other, in the order in which they were put there. `between` runs
// every `pause`, between two of them when there is much to do.
class Desk {
 public:
  explicit Desk(std::chrono::seconds pause = std::chrono::seconds{5}, std::function<void()> between = [] {});
  Desk(const Desk&) = delete;
  Desk& operator=(const Desk&) = delete;
  ~Desk();  // finishes what is there, then ends the thread

  void put(std::function<void()> work);

 private:
  void run();

  std::chrono::seconds pause_;
  std::function<void()> between_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> waiting_;
  bool closing_ = false;
  std::thread thread_;
};

}  // namespace sealroom::daemon
