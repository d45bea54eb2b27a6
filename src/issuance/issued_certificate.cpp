#include <fmt/format.h>

#include "sealroom/base/text.hpp"
#include "sealroom/crypto/crypto.hpp"
#include "sealroom/issuance/stages.hpp"
#include "sealroom/x509/name.hpp"
#include "sealroom/issuance/told_by_log.hpp"

namespace sealroom {
namespace {

std::unexpected<Error> not_as_logged(std::string_view certificate, std::string_view what) {
  return fail(ErrorKind::Integrity, fmt::format("{}: {}", certificate, what),
              "the ledger was changed outside the daemon; keep it as it is and run `sealroom audit verify`");
}

log::Event event_of(std::string_view name, std::string_view outcome, const CertificateRow& row) {
  return {.name = std::string(name),
          .outcome = std::string(outcome),
          .details = {{"batch", row.batch},
                      {"issuer", row.issuer},
                      {"serial", to_upper_hex(row.serial)},
                      {"tbs_sha256", to_hex(sha256(row.to_be_signed))}}};
}

Result<Done> note_issued(Change& change, const VerifiedCertificate& made) {
  const auto& row = made.row();
  auto event = event_of("certificate.issued", "ok", row);
  event.details["certificate_sha256"] = to_hex(made.digest());
  event.details["request_sha256"] = to_hex(row.request_digest);
  event.details["profile"] = row.profile;
  event.details["subject"] = printable_name(row.subject);
  event.details["not_before"] = to_rfc3339(row.not_before);
  event.details["not_after"] = to_rfc3339(row.not_after);
  auto seq = change.append(event, row.batch);
  if (!seq) return pass_on(seq);
  return change.set_issued(row.id, made.der(), *seq);
}

// The token failed at this one: a signature may exist somewhere, so its serial is burned.
Result<Done> note_abandoned(Change& change, const CertificateRow& row, const Error& failure) {
  auto event = event_of("certificate.abandoned", "error", row);
  event.details["reason"] = printable(failure.message);
  auto seq = change.append(event, row.batch);
  if (!seq) return pass_on(seq);
  return change.set_state(row.id, CertificateState::Abandoned, *seq, failure.message);
}

// The token never saw this one: it is as planned as before.
Result<Done> note_untried(Change& change, const CertificateRow& row) {
  auto seq = change.append(event_of("certificate.untried", "ok", row), row.batch);
  if (!seq) return pass_on(seq);
  return change.set_state(row.id, CertificateState::Planned, *seq);
}

}  // namespace

Result<Done> record_outcome(const Work& work, const SignedGroup& group) {
  if (group.verified().empty() && group.failed().empty() && group.untried().empty()) return Done{};
  const auto covered = checkpoint_meanwhile(work);
  auto change = work.begin_outcome();
  if (!change) return pass_on(change);
  if (covered) {
    auto added = change->add_checkpoint(*covered);
    if (!added) return pass_on(added);
  }
  for (const auto& made : group.verified()) {
    auto noted = note_issued(*change, made);
    if (!noted) return pass_on(noted);
  }
  for (const auto& [row, why] : group.failed()) {
    auto noted = note_abandoned(*change, row, why);
    if (!noted) return pass_on(noted);
  }
  for (const auto& row : group.untried()) {
    auto noted = note_untried(*change, row);
    if (!noted) return pass_on(noted);
  }
  auto receipt = std::move(*change).commit();
  if (!receipt) return pass_on(receipt);
  return Done{};
}

Result<Digest> IssuedCertificate::digest_of(const CertificateRow& row, Result<std::string> line) {
  const auto what = fmt::format("certificate {} of {}", to_upper_hex(row.serial), row.issuer);
  if (row.state != CertificateState::Issued) return not_as_logged(what, "it is not issued");
  auto entry = entry_in(std::move(line), what);
  if (!entry) return pass_on(entry);
  const auto& name = entry->event.name;
  if (name != "certificate.issued" && name != "certificate.restored") {
    return not_as_logged(what, "is not what its log entry says");
  }
  const auto digest = sha256(row.certificate);
  if (entry->event.details.value("certificate_sha256", "") == to_hex(digest)) return digest;
  return not_as_logged(what, "its octets are not the ones that its log entry names");
}

Result<IssuedCertificate> IssuedCertificate::read(const Ledger& ledger, const CertificateRow& row) {
  auto digest = digest_of(row, ledger.line(row.entry));
  if (!digest) return pass_on(digest);
  auto certificate = Certificate::parse(row.certificate);
  if (certificate) return IssuedCertificate(std::move(*certificate), row);
  return not_as_logged(fmt::format("certificate {} of {}", to_upper_hex(row.serial), row.issuer),
                       certificate.error().message);
}

}  // namespace sealroom
