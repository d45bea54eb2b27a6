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

Result<StoredRequest> stored_at(const Ledger& ledger, std::string_view batch, std::uint64_t position) {
  auto request = ledger.request(batch, position);
  if (!request) return pass_on(request);
  if (!*request) {
    return fail(ErrorKind::Failed,
                fmt::format("batch {}: only the log knows it, request {} is not here", batch, position),
                fmt::format("stop the daemon, then sealroom restore --export MEDIUM/issued/{}", batch));
  }
  auto certificate = ledger.certificate_of_request(batch, position);
  if (!certificate) return pass_on(certificate);
  return StoredRequest{.request = std::move(**request), .certificate = std::move(*certificate)};
}

Result<Json> planned_verdict(const StoredRequest& stored) { return parse_json(stored.request.verdict, "verdict"); }

Json verdict_now(Json planned, const StoredRequest& stored) {
  if (stored.certificate) add_certificate(planned, *stored.certificate);
  return planned;
}

Result<Json> verdict_at(const Ledger& ledger, std::string_view batch, std::uint64_t position) {
  auto stored = stored_at(ledger, batch, position);
  if (!stored) return pass_on(stored);
  auto planned = planned_verdict(*stored);
  if (!planned) return pass_on(planned);
  return verdict_now(std::move(*planned), *stored);
}

}  // namespace sealroom
