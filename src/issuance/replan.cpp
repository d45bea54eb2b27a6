#include <fmt/format.h>

#include "sealroom/base/text.hpp"
#include "sealroom/issuance/issue.hpp"

namespace sealroom {
namespace {

// The requests of `batch` that were accepted and have no certificate, and the planned certificates among them.
struct Leftover {
  Intake intake;
  std::vector<CertificateRow> planned;
};

Result<Leftover> leftover_of(const Ledger& ledger, std::string_view batch) {
  Leftover left;
  auto read = ledger.each_request(batch, [&](const RequestRow& request) -> Result<Done> {
    auto row = ledger.certificate_of_request(batch, request.position);
    if (!row) return pass_on(row);
    if (!*row || (*row)->state == CertificateState::Issued) return Done{};
    if ((*row)->state == CertificateState::Planned) left.planned.push_back(**row);
    auto verdict = parse_json(request.verdict, "verdict");
    if (!verdict) return pass_on(verdict);
    if (verdict->contains("reissue_reason")) left.intake.reissue.emplace(printable(request.path), verdict->at("reissue_reason"));
    left.intake.files.push_back(Submission{request.path, request.octets});
    return Done{};
  });
  if (!read) return pass_on(read);
  return left;
}

Result<Done> expire(const Work& work, const std::vector<CertificateRow>& rows) {
  if (rows.empty()) return Done{};
  auto change = work.begin();
  if (!change) return pass_on(change);
  for (const auto& row : rows) {
    auto seq = change->append({.name = "certificate.expired",
                               .outcome = "ok",
                               .details = {{"batch", row.batch},
                                           {"issuer", row.issuer},
                                           {"serial", to_upper_hex(row.serial)},
                                           {"reason", "planned again"}}},
                              row.batch);
    if (!seq) return pass_on(seq);
    auto moved = change->set_state(row.id, CertificateState::Expired, *seq, "planned again");
    if (!moved) return pass_on(moved);
  }
  auto receipt = std::move(*change).commit();
  if (!receipt) return pass_on(receipt);
  return Done{};
}

}  // namespace

Result<PlannedBatch> replan(const Work& work, std::string_view batch) {
  auto& ledger = work.appliance.ledger;
  auto accounted = nothing_open(ledger);
  if (!accounted) return pass_on(accounted);
  auto known = ledger.batch(batch);
  if (!known) return pass_on(known);
  if (!*known) return fail(ErrorKind::Usage, fmt::format("there is no batch {}", batch), "see `sealroom batch list`");
  auto left = leftover_of(ledger, batch);
  if (!left) return pass_on(left);
  if (left->intake.files.empty()) {
    return fail(ErrorKind::Usage, fmt::format("batch {} has nothing left to plan", batch),
                fmt::format("sealroom batch show {}", batch));
  }
  auto expired = expire(work, left->planned);
  if (!expired) return pass_on(expired);
  return plan(work, std::move(left->intake));
}

}  // namespace sealroom
