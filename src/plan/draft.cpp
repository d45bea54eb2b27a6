#include "sealroom/plan/draft.hpp"

#include <cstdlib>
#include <system_error>
#include <utility>

namespace sealroom {
namespace {

constexpr std::size_t kEnough = 32;  // some milliseconds' work

}  // namespace

Draft draft_of(DraftOrder order, const Clock& clock) {
  Draft draft{.examination = examine(std::move(order.submission), order.rules, clock), .admitted = {}};
  if (!draft.examination.refusals.empty()) return draft;
  Facts facts;
  facts.now = order.now;
  const auto decision = decide(draft.examination, order.rules, facts, order.wish);
  if (const auto* permit = std::get_if<Permit>(&decision)) {
    auto planned = PlannedCertificate::build(*permit, order.serial);
    if (planned) {
      draft.admitted = AdmittedCertificate::admit(std::move(*planned), order.above);
    } else {
      draft.admitted = std::unexpected(planned.error());
    }
  }
  return draft;
}

Drafter::~Drafter() {
  {
    const std::lock_guard guard(mutex_);
    ended_ = true;
  }
  something_.notify_all();
  for (auto& thread : threads_) thread.join();
}

void Drafter::begin(DraftOrder order) {
  {
    const std::lock_guard guard(mutex_);
    begun_.push_back({.order = std::move(order)});
  }
  something_.notify_one();
  if (threads_.size() < threads_wanted_) start_thread();
}

void Drafter::start_thread() {
  try {
    threads_.emplace_back([this] { work(); });
  } catch (const std::system_error&) {
    threads_wanted_ = threads_.size();  // no more are to be had; those that there are do it all
  }
}

bool Drafter::has_enough() const {
  const std::lock_guard guard(mutex_);
  return begun_.size() - next_ >= kEnough;
}

Draft Drafter::finish() {
  std::unique_lock lock(mutex_);
  if (begun_.empty()) std::abort();
  while (!begun_.front().is_made()) {
    if (!make_next(configs_, lock)) made_.wait(lock);
  }
  auto first = std::move(begun_.front());
  begun_.pop_front();
  --next_;
  if (first.trouble) std::rethrow_exception(first.trouble);
  return std::move(*first.draft);
}

void Drafter::work() {
  OwnConfigs own;
  std::unique_lock lock(mutex_);
  while (!ended_) {
    if (make_next(own, lock)) {
      made_.notify_one();
    } else {
      something_.wait(lock);
    }
  }
}

// Nothing is made when nothing is to be done.
bool Drafter::make_next(OwnConfigs& own, std::unique_lock<std::mutex>& lock) {
  if (next_ == begun_.size()) return false;
  auto& begun = begun_[next_++];  // it stays where it is until its draft is made
  lock.unlock();
  std::optional<Draft> draft;
  std::exception_ptr trouble;
  try {
    begun.order.rules.issuer = &own_config(own, begun.order.rules.issuer);
    draft = draft_of(std::move(begun.order), clock_);
  } catch (...) {  // it is for the owner; it must not end the thread, and the daemon with it
    trouble = std::current_exception();
  }
  lock.lock();
  begun.draft = std::move(draft);
  begun.trouble = trouble;
  return true;
}

const IssuerConfig& Drafter::own_config(OwnConfigs& own, const IssuerConfig* shared) {
  auto found = own.find(shared);
  if (found == own.end()) {
    auto config = IssuerConfig::parse(shared->file(), shared->text());
    if (!config) std::abort();  // it was loaded from this text
    found = own.emplace(shared, std::move(*config)).first;
  }
  return found->second;
}

}  // namespace sealroom
