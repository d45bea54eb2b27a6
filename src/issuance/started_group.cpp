#include <fmt/format.h>

#include "decided_again.hpp"
#include "sealroom/crypto/crypto.hpp"
#include "sealroom/issuance/stages.hpp"

namespace sealroom {
namespace {

Result<Done> note(Change& change, const PlanRow& plan, const CertificateRow& row, CertificateState state,
                  std::string_view outcome, const std::string& reason) {
  auto seq = change.append({.name = fmt::format("certificate.{}", name_of(state)),
                            .outcome = std::string(outcome),
                            .details = {{"batch", row.batch},
                                        {"issuer", row.issuer},
                                        {"plan", to_hex(plan.digest)},
                                        {"serial", to_upper_hex(row.serial)},
                                        {"reason", reason},
                                        {"tbs_sha256", to_hex(sha256(row.to_be_signed))}}},
                           row.batch);
  if (!seq) return pass_on(seq);
  return change.set_state(row.id, state, *seq, reason);
}

Result<Done> record_start(Change change, const PlanRow& plan, const DecidedAgain& decided) {
  for (const auto& certificate : decided.granted) {
    auto noted = note(change, plan, certificate.row, CertificateState::Started, "ok", "");
    if (!noted) return pass_on(noted);
  }
  for (const auto& [row, expired, reason] : decided.withheld) {
    const auto state = expired ? CertificateState::Expired : CertificateState::Refused;
    auto noted = note(change, plan, row, state, "refused", reason);
    if (!noted) return pass_on(noted);
  }
  auto receipt = std::move(change).commit();
  if (!receipt) return pass_on(receipt);
  return Done{};
}

}  // namespace

Result<StartedGroup> StartedGroup::start(const Work& work, const RecordedPlan& plan, ProfilesInForce& profiles,
                                         std::size_t from) {
  for (;;) {
    auto decided = decide_again(work, plan, profiles, from, kGroup);
    if (!decided) return pass_on(decided);
    auto& [granted, withheld, next] = *decided;
    if (granted.empty() && withheld.empty()) return StartedGroup({}, next, 0);

    auto change = work.begin();
    if (!change) return pass_on(change);
    // Deciding takes its time, and the start is dated when it is recorded: the plan may have ended meanwhile.
    if (!granted.empty() && change->time() > plan.row().valid_until) continue;
    auto recorded = record_start(std::move(*change), plan.row(), *decided);
    if (!recorded) return pass_on(recorded);
    return StartedGroup(std::move(granted), next, withheld.size());
  }
}

}  // namespace sealroom
