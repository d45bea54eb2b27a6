#include <algorithm>
#include <array>
#include <span>

#include <fmt/format.h>

#include "sealroom/crypto/crypto.hpp"
#include "sealroom/issuance/stages.hpp"
#include "sealroom/plan/planned_certificate.hpp"

namespace sealroom {
namespace {

const char* verify_purpose(Purpose purpose) {
  switch (purpose) {
    case Purpose::Server: return "sslserver";
    case Purpose::Client: return "sslclient";
    case Purpose::Ca: return "ca";
  }
  std::abort();
}

std::unexpected<Error> unfit(const CertificateRow& row, std::string_view what) {
  return fail(ErrorKind::Token, fmt::format("certificate {} of {}: {}", to_upper_hex(row.serial), row.issuer, what),
              "nothing was recorded as issued; check the token before anything else is signed");
}

Result<Done> carries_itself(const Certificate& root, std::span<const Instant> moments, const char* purpose) {
  if (!root.signed_by(root.key())) return fail(ErrorKind::Failed, "its signature does not verify");
  for (const auto moment : moments) {
    auto builds = verify_chain({root}, moment, purpose);
    if (!builds) return builds;
  }
  return Done{};
}

}  // namespace

Result<VerifiedCertificate> VerifiedCertificate::verify(const StartedCertificate& started, ByteView signature) {
  const auto& row = started.row;
  const auto& [hash, purpose, above, now] = *started.terms;
  auto der = assemble_certificate(row.to_be_signed, signature);
  if (!der) return pass_on(der);
  auto certificate = Certificate::parse(*der);
  if (!certificate) return unfit(row, certificate.error().message);
  if (certificate->to_be_signed() != row.to_be_signed)
    return unfit(row, "its to-be-signed octets are not the planned ones");

  // The last second is left out: OpenSSL takes notAfter itself for past.
  const auto last = row.not_after - std::chrono::seconds{1};
  const std::array moments{row.not_before, std::clamp(now, row.not_before, last), last};
  auto verifies = above ? above->carries(*certificate, moments, verify_purpose(purpose))
                        : carries_itself(*certificate, moments, verify_purpose(purpose));
  if (!verifies) return unfit(row, verifies.error().message);
  const auto* issuer = above ? &above->issuer() : nullptr;
  const auto broken = check_certificate(*certificate, {.purpose = purpose, .issuer = issuer});
  if (!broken.empty()) return unfit(row, fmt::format("{}: {}", broken.front().id, broken.front().detail));
  return VerifiedCertificate(std::move(*certificate), row);
}

}  // namespace sealroom
