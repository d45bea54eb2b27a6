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

}  // namespace

Result<VerifiedCertificate> VerifiedCertificate::verify(const CertificateRow& row, ByteView signature,
                                                        const std::vector<Certificate>& issuer_chain, Purpose purpose,
                                                        Instant now) {
  auto der = assemble_certificate(row.to_be_signed, signature);
  if (!der) return pass_on(der);
  auto certificate = Certificate::parse(*der);
  if (!certificate) return unfit(row, certificate.error().message);
  if (certificate->to_be_signed() != row.to_be_signed)
    return unfit(row, "its to-be-signed octets are not the planned ones");

  const bool own = issuer_chain.empty();
  const auto& issuer = own ? *certificate : issuer_chain.front();
  if (!certificate->signed_by(issuer.key())) return unfit(row, "the token's signature does not verify");
  const auto broken = check_certificate(*certificate, {.purpose = purpose, .issuer = own ? nullptr : &issuer});
  if (!broken.empty()) return unfit(row, fmt::format("{}: {}", broken.front().id, broken.front().detail));

  std::vector<Certificate> chain{*certificate};
  chain.insert(chain.end(), issuer_chain.begin(), issuer_chain.end());
  // The last second is left out: OpenSSL takes notAfter itself for past.
  const auto last = row.not_after - std::chrono::seconds{1};
  for (const auto moment : {row.not_before, std::clamp(now, row.not_before, last), last}) {
    auto builds = verify_chain(chain, moment, verify_purpose(purpose));
    if (!builds) return unfit(row, fmt::format("at {}: {}", to_rfc3339(moment), builds.error().message));
  }
  return VerifiedCertificate(std::move(*certificate), row);
}

Result<SignedGroup> sign(const Work& work, StartedGroup group, const TokenKey& key) {
  auto& appliance = work.appliance;
  const auto rows = std::move(group.rows_).take();
  static const std::vector<Certificate> kNone;
  SignedGroup made;
  if (rows.empty()) return made;

  const auto& settings = *appliance.configuration.issuer(rows.front().issuer);
  std::vector<Certificate> chain;  // of the issuer; none yet while it signs its own certificate
  auto issuer = issuer_row(appliance.ledger, rows.front().issuer);
  if (!issuer) return pass_on(issuer);
  if (issuer->state == "active") {
    auto found = chain_of(appliance.ledger, rows.front().issuer);
    if (!found) return pass_on(found);
    chain = std::move(*found);
  }
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto& row = rows[i];
    const auto& profile = settings.profiles.at(row.profile);
    const auto& above = profile.own_certificate ? kNone : chain;
    auto signature = key.sign(row.to_be_signed, settings.config.default_md());
    auto verified = !signature
                        ? Result<VerifiedCertificate>(pass_on(signature))
                        : VerifiedCertificate::verify(row, *signature, above, profile.purpose, appliance.clock.now());
    if (!verified) {
      made.failure_ = verified.error();
      made.failed_ = row;
      made.untried_.assign(rows.begin() + static_cast<std::ptrdiff_t>(i) + 1, rows.end());
      break;
    }
    made.verified_.push_back(std::move(*verified));
  }
  appliance.keys.used(rows.front().issuer, appliance.clock.since_boot());
  return made;
}

}  // namespace sealroom
