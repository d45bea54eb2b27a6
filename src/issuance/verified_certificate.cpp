#include <fmt/format.h>

#include "sealroom/issuance/stages.hpp"
#include "sealroom/plan/admitted_certificate.hpp"
#include "sealroom/x509/signed_octets.hpp"

namespace sealroom {
namespace {

std::unexpected<Error> unfit(const CertificateRow& row, std::string_view what) {
  return fail(ErrorKind::Token, fmt::format("certificate {} of {}: {}", to_upper_hex(row.serial), row.issuer, what),
              "nothing was recorded as issued; check the token before anything else is signed");
}

// An issuer's own certificate is trusted for nothing but itself, so it is asked everything once more. The last second is
// left out: OpenSSL takes notAfter itself for past.
Result<Done> verify_own(ByteView der, Purpose purpose) {
  auto root = Certificate::parse(der);
  if (!root) return pass_on(root);
  if (!root->signed_by(root->key())) return fail(ErrorKind::Failed, "its signature does not verify");
  for (const auto moment : {root->not_before(), root->not_after() - std::chrono::seconds{1}}) {
    auto builds = verify_chain({*root}, moment, verify_purpose(purpose));
    if (!builds) return builds;
  }
  const auto broken = check_certificate(*root, {.purpose = purpose, .issuer = nullptr});
  if (broken.empty()) return Done{};
  return fail(ErrorKind::Failed, fmt::format("{}: {}", broken.front().id, broken.front().detail));
}

}  // namespace

// Rules and chain are pure functions of the octets to be signed, of which they were asked; what is new is the signature.
Result<VerifiedCertificate> VerifiedCertificate::verify(const StartedCertificate& started, ByteView signature) {
  const auto& row = started.row;
  const auto& [hash, purpose, issuer_key] = *started.terms;
  auto der = assemble_certificate(row.to_be_signed, signature);
  if (!der) return pass_on(der);
  const auto read = SignedOctets::read(*der);
  if (!read) return unfit(row, read.error().message);
  if (!equal(read->to_be_signed(), row.to_be_signed))
    return unfit(row, "its to-be-signed octets are not the planned ones");
  if (!issuer_key) {
    auto verified = verify_own(*der, purpose);
    if (!verified) return unfit(row, verified.error().message);
  } else if (!read->signed_by(*issuer_key)) {
    return unfit(row, "its signature does not verify");
  }
  return VerifiedCertificate(std::move(*der), row);
}

}  // namespace sealroom
