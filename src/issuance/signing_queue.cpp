#include "signing_queue.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "sealroom/issuance/clock_check.hpp"
#include "sealroom/issuance/recovery.hpp"

namespace sealroom {
Result<SigningQueue> SigningQueue::open(const Work& work, std::string_view batch, std::string_view issuer) {
  auto& appliance = work.appliance;
  auto accounted = nothing_unaccounted(appliance.ledger, appliance.configuration);
  if (!accounted) return pass_on(accounted);
  auto confirmed = clock_is_confirmed(appliance.ledger, appliance.clock);
  if (!confirmed) return pass_on(confirmed);
  auto known = appliance.ledger.batch(batch);
  if (!known) return pass_on(known);
  if (!*known) return fail(ErrorKind::Usage, fmt::format("there is no batch {}", batch), "see `sealroom batch list`");
  auto log_key = appliance.keys.key(kLogOwner);
  if (!log_key) return pass_on(log_key);
  auto plans = appliance.ledger.plans(batch);
  if (!plans) return pass_on(plans);

  SigningQueue queue(work);
  queue.result_.id = batch;
  auto threads = std::max(appliance.threads, 1U);
  for (const auto& row : *plans) {
    if (!issuer.empty() && row.issuer != issuer) continue;
    auto plan = RecordedPlan::read(appliance.ledger, batch, row.issuer, appliance.threads);
    if (!plan) return pass_on(plan);
    const auto left = static_cast<std::uint64_t>(std::ranges::count(
        plan->certificates(), CertificateState::Planned, [](const auto& certificate) { return certificate.state; }));
    if (left == 0) continue;
    auto key = appliance.keys.key(row.issuer);
    if (key) {
      threads = std::min(threads, (*key)->threads());
      queue.total_ += left;
      queue.ready_.push_back({std::move(*plan), *key});
    } else if (key.error().kind == ErrorKind::NeedsPerson) {
      queue.result_.waiting.push_back({row.issuer, left, key.error().message});
    } else {
      return pass_on(key);
    }
  }
  if (!issuer.empty() && std::ranges::none_of(*plans, [&](const auto& row) { return row.issuer == issuer; })) {
    return fail(ErrorKind::Usage, fmt::format("there is no plan {}/{}", batch, issuer), "see `sealroom batch show`");
  }
  queue.threads_ = static_cast<unsigned>(std::min<std::uint64_t>(threads, queue.total_));
  return queue;
}

std::optional<StartedGroup> SigningQueue::start_next() {
  while (!stopped_by_ && current_ < ready_.size()) {
    auto& [plan, key, profiles] = ready_[current_];
    if (position_ == plan.certificates().size()) {
      ++current_;
      position_ = 0;
      continue;
    }
    if (work_.stopping()) {
      stop(stopped().error());
      break;
    }
    auto started = StartedGroup::start(work_, plan, profiles, position_);
    if (!started) {
      stop(started.error());
      break;
    }
    position_ = started->next();
    result_.withheld += started->withheld();
    if (!started->certificates().empty()) return std::move(*started);
    show_progress();
  }
  return std::nullopt;
}

void SigningQueue::count(const SignedGroup& made) {
  result_.issued += made.verified().size();
  show_progress();
  if (!made.failed().empty()) {
    stop(made.failed().front().why);
  } else if (!made.untried().empty()) {
    stop(stopped().error());
  }
}

// The first reason counts.
void SigningQueue::stop(const Error& error) {
  if (!stopped_by_) stopped_by_ = error;
}

Result<SignedBatch> SigningQueue::close() && {
  for (const auto& [plan, key, profiles] : ready_)
    work_.appliance.keys.used(plan.row().issuer, work_.appliance.clock.since_boot());
  if (stopped_by_) {
    // What was issued before is covered all the same, where the log token still answers.
    if (result_.issued > 0) static_cast<void>(checkpoint_if_unlocked(work_).has_value());
    auto error = std::move(*stopped_by_);
    error.message += fmt::format("; {} certificate(s) of batch {} were issued before", result_.issued, result_.id);
    if (error.hint.empty()) error.hint = "see `sealroom status`; `sealroom sign` continues where it stopped";
    return std::unexpected<Error>(std::move(error));
  }
  auto made = checkpoint(work_);
  if (!made) return pass_on(made, "sign");
  return std::move(result_);
}

}  // namespace sealroom
