#include <fmt/format.h>

#include "sealroom/crypto/crypto.hpp"
#include "sealroom/issuance/stages.hpp"
#include "sealroom/issuance/told_by_log.hpp"
#include "sealroom/plan/document.hpp"

namespace sealroom {
namespace {

std::unexpected<Error> disagreement(const PlanRow& row, std::string_view what) {
  return fail(ErrorKind::Integrity, fmt::format("plan {}/{}: {}", row.batch, row.issuer, what),
              "the ledger was changed outside the daemon; keep it as it is and run `sealroom audit verify`");
}

}  // namespace

Result<RecordedPlan> RecordedPlan::read(const Ledger& ledger, std::string_view batch, std::string_view issuer,
                                        std::size_t threads) {
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
  auto told = BatchTold::read(ledger, batch, plan.certificates_, threads);
  if (!told) return pass_on(told);
  plan.told_ = std::move(*told);
  return plan;
}

}  // namespace sealroom
