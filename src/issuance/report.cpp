#include <fmt/format.h>

#include "sealroom/crypto/crypto.hpp"
#include "sealroom/issuance/issue.hpp"
#include "sealroom/plan/report.hpp"
#include "sealroom/x509/certificate.hpp"

namespace sealroom {
namespace {

// A request that was accepted, and what has become of its certificate since.
void add_certificate(Json& verdict, const CertificateRow& row) {
  verdict["serial"] = to_upper_hex(row.serial);
  verdict["state"] = name_of(row.state);
  verdict["not_before"] = to_rfc3339(row.not_before);
  verdict["not_after"] = to_rfc3339(row.not_after);
  if (row.state == CertificateState::Issued) {
    verdict["name"] = row.name;
    verdict["certificate_sha256"] = to_hex(sha256(row.certificate));
  }
  if (row.state != CertificateState::Refused) return;
  const auto colon = row.reason.find(": ");
  verdict["verdict"] = "refused";
  verdict["findings"].push_back({{"id", row.reason.substr(0, colon)},
                                 {"detail", colon == std::string::npos ? "" : row.reason.substr(colon + 2)}});
}

}  // namespace

Result<Json> verdict_at(const Ledger& ledger, std::string_view batch, std::uint64_t position) {
  auto request = ledger.request(batch, position);
  if (!request) return pass_on(request);
  if (!*request) {
    return fail(ErrorKind::Failed,
                fmt::format("batch {}: only the log knows it, request {} is not here", batch, position),
                fmt::format("stop the daemon, then sealroom restore --export MEDIUM/issued/{}", batch));
  }
  auto verdict = parse_json((*request)->verdict, "verdict");
  if (!verdict) return pass_on(verdict);
  auto certificate = ledger.certificate_of_request(batch, position);
  if (!certificate) return pass_on(certificate);
  if (*certificate) add_certificate(*verdict, **certificate);
  return std::move(*verdict);
}

Result<Json> report(const Ledger& ledger, std::string_view batch) {
  auto row = ledger.batch(batch);
  if (!row) return pass_on(row);
  if (!*row) return fail(ErrorKind::Usage, fmt::format("there is no batch {}", batch), "see `sealroom batch list`");
  auto ignored = parse_json((*row)->ignored, "ignored files");
  if (!ignored) return pass_on(ignored);
  std::vector<Json> verdicts;
  for (std::uint64_t position = 0; position < (*row)->requests; ++position) {
    auto verdict = verdict_at(ledger, batch, position);
    if (!verdict) return pass_on(verdict);
    verdicts.push_back(std::move(*verdict));
  }
  return report_of(batch, std::move(verdicts), ignored->get<std::vector<Json>>());
}

}  // namespace sealroom
