#include <algorithm>

#include <fmt/format.h>

#include "replan.hpp"
#include "sealroom/base/text.hpp"
#include "sealroom/issuance/recovery.hpp"
#include "sealroom/issuance/told_by_log.hpp"

namespace sealroom {
namespace {

// What the operator asked for when the request was imported.
Wish wish_in(const Json& verdict) {
  Wish wish;
  if (verdict.contains("wished_days")) wish.days = verdict.at("wished_days").get<int>();
  if (verdict.contains("wished_not_before"))
    wish.not_before = from_rfc3339(verdict.at("wished_not_before").get<std::string>());
  if (verdict.contains("wished_not_after"))
    wish.not_after = from_rfc3339(verdict.at("wished_not_after").get<std::string>());
  return wish;
}

Result<Done> expire(Change& change, std::string_view batch, const std::vector<PlannedRow>& rows) {
  for (const auto& row : rows) {
    auto seq = change.append({.name = "certificate.expired",
                              .outcome = "ok",
                              .details = {{"batch", batch},
                                          {"issuer", row.issuer},
                                          {"serial", to_upper_hex(row.serial)},
                                          {"reason", "planned again"}}},
                             batch);
    if (!seq) return pass_on(seq);
    auto moved = change.set_state(row.id, CertificateState::Expired, *seq, "planned again");
    if (!moved) return pass_on(moved);
  }
  return Done{};
}

// Whether the request was planned again after `row` was given up, so that its turn is another certificate's.
Result<bool> is_planned_elsewhere(const Ledger& ledger, const CertificateRow& row) {
  auto rows = ledger.by_request(row.request_digest);
  if (!rows) return pass_on(rows);
  return std::ranges::any_of(*rows, [&](const CertificateRow& other) {
    using enum CertificateState;
    const bool lives =
        other.state == Planned || other.state == Approved || other.state == Started || other.state == Issued;
    return other.id > row.id && lives;
  });
}

}  // namespace

Result<Leftover> leftover_of(const Ledger& ledger, std::string_view batch, const std::set<std::uint64_t>& positions) {
  Leftover left;
  std::vector<std::uint64_t> requests;
  auto told = BatchTold::read(ledger, batch);
  if (!told) return pass_on(told);
  auto read = ledger.each_request(batch, [&](const RequestRow& request) -> Result<Done> {
    if (!positions.empty() && !positions.contains(request.position)) return Done{};
    auto row = ledger.certificate_of_request(batch, request.position);
    if (!row) return pass_on(row);
    if (!*row || (*row)->state == CertificateState::Issued) return Done{};
    auto agrees = told->agrees(ledger, **row);
    if (!agrees) return agrees;
    auto elsewhere = is_planned_elsewhere(ledger, **row);
    if (!elsewhere) return pass_on(elsewhere);
    if (*elsewhere) return Done{};
    if ((*row)->state == CertificateState::Planned)
      left.planned.push_back({(*row)->id, (*row)->issuer, (*row)->serial});
    auto verdict = parse_json(request.verdict, "verdict");
    if (!verdict) return pass_on(verdict);
    const auto path = printable(request.path);
    if (told->is_reissue(**row)) left.intake.reissue.emplace(path, verdict->value("reissue_reason", ""));
    left.intake.wishes.emplace(path, wish_in(*verdict));
    requests.push_back(request.position);
    return Done{};
  });
  if (!read) return pass_on(read);
  if (requests.empty()) return left;
  left.intake.each_file = [&ledger, batch = std::string(batch), requests](const auto& visit) -> Result<Done> {
    for (const auto position : requests) {
      auto request = ledger.request(batch, position);
      if (!request) return pass_on(request);
      auto visited = visit(Submission{(*request)->path, (*request)->octets});
      if (!visited) return visited;
    }
    return Done{};
  };
  return left;
}

Result<PlannedBatch> replan(const Work& work, std::string_view batch) {
  auto& ledger = work.appliance.ledger;
  auto accounted = nothing_unaccounted(ledger, work.appliance.configuration);
  if (!accounted) return pass_on(accounted);
  auto known = ledger.batch(batch);
  if (!known) return pass_on(known);
  if (!*known) return fail(ErrorKind::Usage, fmt::format("there is no batch {}", batch), "see `sealroom batch list`");
  auto left = leftover_of(ledger, batch);
  if (!left) return pass_on(left);
  if (!left->intake.each_file) {
    return fail(ErrorKind::Usage, fmt::format("batch {} has nothing left to plan", batch),
                fmt::format("sealroom batch show {}", batch));
  }
  left->intake.beforehand = [&](Change& change) { return expire(change, batch, left->planned); };
  return plan(work, left->intake);
}

}  // namespace sealroom
