#include <fmt/format.h>

#include "facts.hpp"
#include "sealroom/crypto/crypto.hpp"
#include "sealroom/issuance/stages.hpp"
#include "sealroom/plan/document.hpp"
#include "sealroom/plan/planned_certificate.hpp"
#include "sealroom/issuance/told_by_log.hpp"

namespace sealroom {
namespace {

std::unexpected<Error> disagreement(const PlanRow& row, std::string_view what) {
  return fail(ErrorKind::Integrity, fmt::format("plan {}/{}: {}", row.batch, row.issuer, what),
              "the ledger was changed outside the daemon; keep it as it is and run `sealroom audit verify`");
}

// What a certificate would be if its request were decided on now, with the serial and dates that were planned.
Result<std::optional<Finding>> decide_again(const Work& work, const PlanRow& plan, const CertificateRow& row,
                                            const RulesInForce& in_force) {
  auto request = work.appliance.ledger.request(row.batch, row.request);
  if (!request) return pass_on(request);
  if (!*request) return disagreement(plan, fmt::format("request {} is missing", row.request));

  const auto& clock = work.appliance.clock;
  auto examination = examine({(*request)->path, (*request)->octets}, in_force.rules, clock);
  auto facts = facts_about(work.appliance.ledger, examination, in_force, row.batch, clock.now(), &row);
  if (!facts) return pass_on(facts);
  auto verdict = parse_json((*request)->verdict, "verdict");
  if (!verdict) return disagreement(plan, "a verdict is not JSON");
  if (verdict->contains("reissue_reason")) allow_reissue(*facts);
  const Wish wish{.days = {}, .not_before = row.not_before, .not_after = row.not_after};
  auto decision = decide(std::move(examination), in_force.rules, *facts, wish);
  if (const auto* refusal = std::get_if<Refusal>(&decision)) return refusal->examination.refusals.front();

  Serial serial{};
  if (row.serial.size() != serial.size()) return disagreement(plan, "a serial number has a wrong length");
  std::ranges::copy(row.serial, serial.begin());
  auto planned = PlannedCertificate::build(std::get<Permit>(decision), serial);
  if (!planned) return Finding{"profile.unfit", planned.error().message};
  if (planned->to_be_signed() != row.to_be_signed) {
    return Finding{"plan.changed",
                   "the configuration or the issuer's certificate has changed since it was planned; "
                   "use `sealroom batch replan`"};
  }
  return std::nullopt;
}

}  // namespace

Result<RecordedPlan> RecordedPlan::read(const Ledger& ledger, std::string_view batch, std::string_view issuer) {
  auto row = ledger.plan(batch, issuer);
  if (!row) return pass_on(row);
  if (!*row) {
    return fail(ErrorKind::Usage, fmt::format("there is no plan {}/{}", batch, issuer),
                "see `sealroom batch list` and `sealroom batch show`");
  }
  auto certificates = ledger.certificates(batch, issuer);
  if (!certificates) return pass_on(certificates);

  RecordedPlan plan;
  plan.row_ = std::move(**row);
  plan.certificates_ = std::move(*certificates);
  auto agrees = agrees_with_log(ledger, plan.row_);
  if (!agrees) return pass_on(agrees);
  if (plan_digest(plan.row_.document) != plan.row_.digest) return disagreement(plan.row_, "document and digest differ");
  log::TreeBuilder tree;
  for (const auto& certificate : plan.certificates_) tree.add(certificate.to_be_signed);
  auto document = parse_json(plan.row_.document, "plan");
  if (!document) return disagreement(plan.row_, "the document is not JSON");
  if (document->value("tbs_root", "") != to_hex(tree.root())) {
    return disagreement(plan.row_, "the certificates are not the ones in the document");
  }
  return plan;
}

Result<StartedGroup> StartedGroup::start(const Work& work, const RecordedPlan& plan, std::size_t from) {
  const auto& all = plan.certificates();
  // A plan that is dated after the present was made by a clock that was ahead.
  const auto now = work.appliance.clock.now();
  const bool expired = now > plan.row().valid_until || now < plan.row().created;
  std::vector<CertificateRow> rows;
  std::vector<Withheld> withheld;
  std::map<std::string, Result<RulesInForce>> rules;
  std::size_t next = from;
  for (; next < all.size() && rows.size() + withheld.size() < kGroup; ++next) {
    const auto& row = all[next];
    if (row.state != CertificateState::Planned) continue;
    if (expired) {
      withheld.push_back({row, CertificateState::Expired,
                          fmt::format("the plan was valid from {} until {}", to_rfc3339(plan.row().created),
                                      to_rfc3339(plan.row().valid_until))});
      continue;
    }
    auto agrees = agrees_with_log(work.appliance.ledger, row);
    if (!agrees) return pass_on(agrees);
    auto found = rules.find(row.profile);
    if (found == rules.end()) {
      found = rules.emplace(row.profile, rules_in_force(work.appliance, row.issuer, row.profile)).first;
    }
    if (!found->second && found->second.error().kind == ErrorKind::Usage) {
      withheld.push_back({row, CertificateState::Refused, "profile.unknown: " + found->second.error().message});
      continue;
    }
    if (!found->second) return pass_on(found->second);
    auto objection = decide_again(work, plan.row(), row, *found->second);
    if (!objection) return pass_on(objection);
    if (*objection && (*objection)->id == "request.too-slow") {  // a busy machine is no reason to refuse for good
      return fail(ErrorKind::Failed, fmt::format("certificate {}: {}", to_upper_hex(row.serial), (*objection)->detail),
                  "sign again when the machine has less to do");
    }
    if (*objection) {
      withheld.push_back(
          {row, CertificateState::Refused, fmt::format("{}: {}", (*objection)->id, (*objection)->detail)});
    } else {
      rows.push_back(row);
    }
  }
  if (rows.empty() && withheld.empty()) return StartedGroup({}, next, 0);

  auto change = work.begin();
  if (!change) return pass_on(change);
  const auto move_to = [&](const CertificateRow& row, CertificateState state, std::string_view outcome,
                           const std::string& reason) -> Result<Done> {
    auto seq = change->append({.name = fmt::format("certificate.{}", name_of(state)),
                               .outcome = std::string(outcome),
                               .details = {{"batch", row.batch},
                                           {"issuer", row.issuer},
                                           {"plan", to_hex(plan.row().digest)},
                                           {"serial", to_upper_hex(row.serial)},
                                           {"reason", reason},
                                           {"tbs_sha256", to_hex(sha256(row.to_be_signed))}}},
                              row.batch);
    if (!seq) return pass_on(seq);
    return change->set_state(row.id, state, *seq, reason);
  };
  for (const auto& row : rows) {
    auto moved = move_to(row, CertificateState::Started, "ok", "");
    if (!moved) return pass_on(moved);
  }
  for (const auto& [row, state, reason] : withheld) {
    auto moved = move_to(row, state, "refused", reason);
    if (!moved) return pass_on(moved);
  }
  auto receipt = std::move(*change).commit();
  if (!receipt) return pass_on(receipt);
  return StartedGroup(std::move(rows), next, withheld.size());
}

}  // namespace sealroom
