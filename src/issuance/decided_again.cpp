#include "decided_again.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "sealroom/crypto/crypto.hpp"
#include "sealroom/plan/draft.hpp"

namespace sealroom {
namespace {

// One group of a plan.
class SecondDecision {
 public:
  SecondDecision(const Work& work, const RecordedPlan& plan, ProfilesInForce& profiles)
      : work_(work),
        ledger_(work.appliance.ledger),
        plan_(plan),
        profiles_(profiles),
        now_(work.appliance.clock.now()),
        drafter_(work.appliance.threads, work.appliance.clock) {}

  Result<DecidedAgain> decide(std::size_t from, std::size_t most) &&;

 private:
  struct Turn {
    const CertificateRow* row;
    const ProfileInForce* profile;
    bool drafted;
  };
  const ProfileInForce& profile_of(const CertificateRow& row);
  Result<Done> take(const CertificateRow& row);
  Result<DraftOrder> order_for(const CertificateRow& row, const RulesInForce& in_force) const;
  Result<Facts> facts(const Asked& asked, const CertificateRow& row, const RulesInForce& in_force) const;
  Result<Findings> objections_to(const CertificateRow& row, const RulesInForce& in_force) const;
  Result<Findings> objections_to(const CertificateRow& row, const RulesInForce& in_force, Draft draft) const;
  Result<Done> settle_all();
  Result<Done> settle(const Turn& turn, const Result<Findings>& objections);
  void withhold(const CertificateRow& row, bool expired, std::string reason) {
    made_.withheld.push_back({row, expired, std::move(reason)});
  }

  const Work& work_;
  const Ledger& ledger_;
  const RecordedPlan& plan_;
  ProfilesInForce& profiles_;
  const Instant now_;
  std::vector<Turn> turns_;
  DecidedAgain made_;
  Drafter drafter_;
};

Wish planned_validity(const CertificateRow& row) {
  return {.days = {}, .not_before = row.not_before, .not_after = row.not_after};
}

std::unexpected<Error> disagreement(const PlanRow& plan, std::string_view what) {
  return fail(ErrorKind::Integrity, fmt::format("plan {}/{}: {}", plan.batch, plan.issuer, what),
              "the ledger was changed outside the daemon; keep it as it is and run `sealroom audit verify`");
}

Result<DecidedAgain> SecondDecision::decide(std::size_t from, std::size_t most) && {
  const auto& all = plan_.certificates();
  const auto& row = plan_.row();
  // A plan that is dated after the present was made by a clock that was ahead.
  const bool expired = now_ > row.valid_until || now_ < row.created;
  made_.next = from;
  for (; made_.next < all.size() && turns_.size() + made_.withheld.size() < most; ++made_.next) {
    const auto& certificate = all[made_.next];
    if (certificate.state != CertificateState::Planned) continue;
    if (expired) {
      withhold(
          certificate, true,
          fmt::format("the plan was valid from {} until {}", to_rfc3339(row.created), to_rfc3339(row.valid_until)));
      continue;
    }
    auto taken = take(certificate);
    if (!taken) return pass_on(taken);
  }
  auto settled = ledger_.at_one_moment([this] { return settle_all(); });
  if (!settled) return pass_on(settled);
  return std::move(made_);
}

Result<Done> SecondDecision::settle_all() {
  for (const auto& turn : turns_) {
    const auto& in_force = *turn.profile->rules;
    auto settled = settle(turn, turn.drafted ? objections_to(*turn.row, in_force, drafter_.finish())
                                             : objections_to(*turn.row, in_force));
    if (!settled) return settled;
  }
  return Done{};
}

Result<Done> SecondDecision::take(const CertificateRow& row) {
  const auto& profile = profile_of(row);
  if (!profile.rules && profile.rules.error().kind == ErrorKind::Usage) {
    withhold(row, false, "profile.unknown: " + profile.rules.error().message);
    return Done{};
  }
  if (!profile.rules) return std::unexpected(profile.rules.error());
  const bool drafted = !profile.only_facts;
  if (drafted) {
    auto order = order_for(row, *profile.rules);
    if (!order) return pass_on(order);
    drafter_.begin(std::move(*order));
  }
  turns_.push_back({&row, &profile, drafted});
  return Done{};
}

const ProfileInForce& SecondDecision::profile_of(const CertificateRow& row) {
  const auto found = profiles_.find(row.profile);
  if (found != profiles_.end()) return found->second;
  auto& profile =
      profiles_.emplace(row.profile, ProfileInForce{rules_in_force(work_.appliance, row.issuer, row.profile)})
          .first->second;
  if (!profile.rules) return profile;
  const auto& rules = profile.rules->rules;
  const auto* above = profile.rules->above();
  profile.only_facts = above != nullptr && work_.appliance.own_plans.made(plan_.row().digest, *above);
  profile.terms = std::make_shared<SigningTerms>(
      SigningTerms{.hash = rules.issuer->default_md(),
                   .purpose = rules.profile->purpose,
                   .issuer_key = above != nullptr ? std::optional(above->issuer().key()) : std::nullopt});
  return profile;
}

Result<DraftOrder> SecondDecision::order_for(const CertificateRow& row, const RulesInForce& in_force) const {
  auto request = ledger_.request(row.batch, row.request);
  if (!request) return pass_on(request);
  if (!*request) return disagreement(plan_.row(), fmt::format("request {} is missing", row.request));
  DraftOrder order{.submission = {(*request)->path, (*request)->octets},
                   .rules = in_force.rules,
                   .above = in_force.above(),
                   .wish = planned_validity(row),
                   .now = now_};
  if (row.serial.size() != order.serial.size()) return disagreement(plan_.row(), "a serial number has a wrong length");
  std::ranges::copy(row.serial, order.serial.begin());
  return order;
}

// A reissue was asked for with a reason, and what it overrides is overridden again.
Result<Facts> SecondDecision::facts(const Asked& asked, const CertificateRow& row, const RulesInForce& in_force) const {
  auto facts = facts_about(ledger_, asked, in_force, row.batch, now_, &row);
  if (facts && plan_.is_reissue(row)) allow_reissue(*facts);
  return facts;
}

Result<Findings> SecondDecision::objections_to(const CertificateRow& row, const RulesInForce& in_force) const {
  auto known = facts({.request = row.request_digest, .key = row.key_digest, .subject = row.subject}, row, in_force);
  if (!known) return pass_on(known);
  return objections(row.key_digest, row.subject, in_force.rules, *known, planned_validity(row));
}

Result<Findings> SecondDecision::objections_to(const CertificateRow& row, const RulesInForce& in_force,
                                               Draft draft) const {
  const auto* request = draft.examination.request();
  if (request == nullptr) return std::move(draft.examination.refusals);
  const Asked asked{.request = request->digest(), .key = request->key().digest(), .subject = draft.examination.subject};
  auto known = facts(asked, row, in_force);
  if (!known) return pass_on(known);
  auto decision = sealroom::decide(draft.examination, in_force.rules, *known, planned_validity(row));
  if (auto* refusal = std::get_if<Refusal>(&decision)) return std::move(refusal->examination.refusals);
  const auto& admitted = draft.admitted.value();
  if (!admitted) return Findings{{"profile.unfit", admitted.error().message}};
  if (admitted->planned().to_be_signed() == row.to_be_signed) return Findings{};
  return Findings{{"plan.changed",
                   "the configuration or the issuer's certificate has changed since it was planned; "
                   "use `sealroom batch replan`"}};
}

Result<Done> SecondDecision::settle(const Turn& turn, const Result<Findings>& objections) {
  if (!objections) return std::unexpected(objections.error());
  if (objections->empty()) {
    made_.granted.push_back({*turn.row, turn.profile->terms});
    return Done{};
  }
  const auto& [id, detail] = objections->front();
  if (id == "request.too-slow") {  // a busy machine is no reason to refuse for good
    return fail(ErrorKind::Failed, fmt::format("certificate {}: {}", to_upper_hex(turn.row->serial), detail),
                "sign again when the machine has less to do");
  }
  withhold(*turn.row, false, fmt::format("{}: {}", id, detail));
  return Done{};
}

}  // namespace

Result<DecidedAgain> decide_again(const Work& work, const RecordedPlan& plan, ProfilesInForce& profiles,
                                  std::size_t from, std::size_t most) {
  return SecondDecision(work, plan, profiles).decide(from, most);
}

}  // namespace sealroom
