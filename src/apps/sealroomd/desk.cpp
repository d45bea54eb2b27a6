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
  std::unique_lock lock(mutex_);
  for (;;) {
    const bool something = changed_.wait_for(lock, pause_, [this] { return closing_ || !waiting_.empty(); });
    if (waiting_.empty() && closing_) return;
    std::function<void()> work = between_;
    if (something) {
      work = std::move(waiting_.front());
      waiting_.pop_front();
    }
    lock.unlock();
    work();
    lock.lock();
  }
}

}  // namespace sealroom::daemon
