#include "desk.hpp"

namespace sealroom::daemon {

Desk::Desk(std::chrono::seconds pause, std::function<void()> between)
    : pause_(pause), between_(std::move(between)), thread_([this] { run(); }) {}

Desk::~Desk() {
  {
    const std::lock_guard guard(mutex_);
    closing_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void Desk::put(std::function<void()> work) {
  {
    const std::lock_guard guard(mutex_);
    waiting_.push_back(std::move(work));
  }
  changed_.notify_one();
}

void Desk::run() {
  using std::chrono::steady_clock;
  auto due = steady_clock::now() + pause_;
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait_until(lock, due, [this] { return closing_ || !waiting_.empty(); });
    if (waiting_.empty() && closing_) return;
    std::function<void()> work = between_;
    if (steady_clock::now() >= due) {
      due = steady_clock::now() + pause_;
    } else {
      work = std::move(waiting_.front());
      waiting_.pop_front();
    }
    lock.unlock();
    work();
    work = nullptr;  // letting go of much takes time, which put() must not wait for
    lock.lock();
  }
}

}  // namespace sealroom::daemon
