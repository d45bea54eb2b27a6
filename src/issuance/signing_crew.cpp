#include "sealroom/issuance/signing_crew.hpp"

#include <algorithm>
#include <cstdlib>
#include <new>
#include <system_error>

namespace sealroom {

SigningCrew::SigningCrew(const Work& work, unsigned threads) : work_(work) {
  threads_.reserve(threads);
  for (unsigned i = 0; i < threads; ++i) {
    try {
      threads_.emplace_back([this] { this->work(); });
    } catch (const std::system_error&) {
      return;  // those that there are do it all; finish() does it when there are none
    }
  }
}

SigningCrew::~SigningCrew() {
  {
    const std::lock_guard guard(mutex_);
    ended_ = true;
  }
  something_.notify_all();
  for (auto& thread : threads_) thread.join();
}

void SigningCrew::begin(StartedGroup group, const TokenKey& key) {
  auto started = std::move(group.certificates_).take();
  const auto size = started.size();
  const std::lock_guard guard(mutex_);
  groups_.push_back({.started = std::move(started), .key = &key, .made = {}});
  groups_.back().made.resize(size);
  something_.notify_all();
}

bool SigningCrew::wants_more() const {
  const std::lock_guard guard(mutex_);
  return groups_.size() < kGroupsInHand && !stopped_;
}

SignedGroup SigningCrew::finish() {
  std::unique_lock lock(mutex_);
  if (groups_.empty()) std::abort();
  auto& group = groups_.front();
  while (!is_finished(group)) {
    if (threads_.empty()) {
      sign_next(group, lock);
    } else {
      finished_.wait(lock);
    }
  }
  SignedGroup made;
  for (std::size_t i = 0; i < group.started.size(); ++i) {
    auto& row = group.started[i].row;
    auto& result = group.made[i];
    if (!result) {
      made.untried_.push_back(std::move(row));
    } else if (*result) {
      made.verified_.push_back(std::move(**result));
    } else {
      made.failed_.push_back({std::move(row), std::move(result->error())});
    }
  }
  groups_.pop_front();
  return made;
}

void SigningCrew::work() {
  std::unique_lock lock(mutex_);
  while (!ended_) {
    if (auto* group = group_with_work()) {
      sign_next(*group, lock);
    } else {
      something_.wait(lock);
    }
  }
}

SigningCrew::Group* SigningCrew::group_with_work() {
  if (stopped_) return nullptr;
  const auto found = std::ranges::find_if(groups_, [](const Group& group) { return group.next < group.made.size(); });
  return found == groups_.end() ? nullptr : &*found;
}

bool SigningCrew::is_finished(const Group& group) const {
  return group.with_token == 0 && (stopped_ || group.next == group.made.size());
}

Result<VerifiedCertificate> SigningCrew::make(const TokenKey& key, const StartedCertificate& started) {
  try {
    const auto signature = key.sign(started.row.to_be_signed, started.terms->hash);
    if (!signature) return std::unexpected(signature.error());
    return VerifiedCertificate::verify(started, *signature);
  } catch (const std::bad_alloc&) {  // it must not end the thread, and the daemon with it
    return fail(ErrorKind::Failed, "no memory left");
  }
}

// `lock` is held, but not while the token signs. A group keeps its place in memory until it is finished.
void SigningCrew::sign_next(Group& group, std::unique_lock<std::mutex>& lock) {
  if (work_.stopping()) {
    stopped_ = true;
    finished_.notify_all();
    return;
  }
  const auto index = group.next++;
  ++group.with_token;
  lock.unlock();
  const auto& started = group.started[index];
  auto made = make(*group.key, started);
  lock.lock();
  stopped_ = stopped_ || !made;
  group.made[index] = std::move(made);
  --group.with_token;
  if (is_finished(group)) finished_.notify_all();
}

}  // namespace sealroom
