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
  for (const auto& row : *plans) {
    if (!issuer.empty() && row.issuer != issuer) continue;
    auto plan = RecordedPlan::read(appliance.ledger, batch, row.issuer);
    if (!plan) return pass_on(plan);
    const auto left = static_cast<std::uint64_t>(std::ranges::count(
        plan->certificates(), CertificateState::Planned, [](const auto& certificate) { return certificate.state; }));
    if (left == 0) continue;
    auto key = appliance.keys.key(row.issuer);
    if (key) {
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
  return queue;
}

void SigningQueue::count(const StartedGroup& started) { result_.withheld += started.withheld(); }

void SigningQueue::count(const std::vector<IssuedCertificate>& issued) {
  result_.issued += issued.size();
  work_.progress(result_.issued + result_.withheld, total_);
}

std::unexpected<Error> SigningQueue::stopped_by(const Error& failure) const {
  auto error = failure;
  error.message += fmt::format("; {} certificate(s) of batch {} were issued before", result_.issued, result_.id);
  if (error.hint.empty()) error.hint = "see `sealroom status`; `sealroom sign` continues where it stopped";
  return std::unexpected<Error>(std::move(error));
}

Result<SignedBatch> SigningQueue::close() && {
  auto made = checkpoint(work_);
  if (!made) return pass_on(made, "sign");
  return std::move(result_);
}

}  // namespace sealroom
