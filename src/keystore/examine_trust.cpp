#include <algorithm>
#include <span>

#include <fmt/format.h>
#include <openssl/x509v3.h>

#include "certificate_facts.hpp"
#include "sealroom/base/text.hpp"
#include "sealroom/crypto/crypto.hpp"
#include "sealroom/keystore/examine_store.hpp"

namespace sealroom {
namespace {

void examine_authority(const TrustCandidate& candidate, Findings& findings) {
  const auto& [alias, certificate] = candidate;
  if (certificate.is_ca() && certificate.may_sign_certificates()) return;
  findings.push_back({"pack.trust-not-ca",
                      fmt::format("{}: {}: is not a CA certificate; a truststore holds those that issue the peers' "
                                  "certificates (--pin-leaf trusts single peers)",
                                  printable(alias), subject_of(certificate))});
}

// A pinned CA would trust all that its key signs. Certificates of `openssl req -x509` are CAs unless told otherwise.
void examine_pin(const TrustCandidate& candidate, Findings& findings) {
  const auto& [alias, certificate] = candidate;
  const auto where = fmt::format("{}: {}", printable(alias), subject_of(certificate));
  if (certificate.is_ca()) {
    findings.push_back({"pack.pin-is-ca",
                        fmt::format("{}: is a CA certificate (as openssl req -x509 makes them), so whoever has its key "
                                    "can issue certificates that would be trusted, too; make a request from the same "
                                    "key and have it signed: openssl req -new -key KEY -out REQUEST.csr",
                                    where)});
  } else if ((X509_get_extension_flags(certificate.get()) & EXFLAG_XKUSAGE) != 0 &&
             !has_usage(certificate, XKU_SSL_SERVER | XKU_SSL_CLIENT)) {
    findings.push_back(
        {"pack.no-tls-purpose",
         fmt::format("{}: allows neither serverAuth nor clientAuth in its extended key usage; it cannot be "
                     "a TLS peer's",
                     where)});
  }
}

// Links remembers who bears which name and who names an issuer, by digests: of many candidates nothing else is kept.
class Links {
 public:
  void add(const Certificate& certificate, std::size_t index) {
    subjects_.emplace_back(sha256(certificate.subject()), index);
    if (!self_signed(certificate)) issued_.emplace_back(sha256(certificate.issuer()), index);
  }

  // Calls examine(index, those that bear the name of its issuer) for each candidate that has such and is not self-signed.
  template <class Examine>
  Result<Done> each(const Examine& examine) {
    std::ranges::sort(subjects_);
    for (const auto& [issuer, index] : issued_) {
      const auto named = std::ranges::equal_range(subjects_, issuer, {}, &Link::first);
      if (named.empty()) continue;
      auto examined = examine(index, named);
      if (!examined) return examined;
    }
    return Done{};
  }

  using Link = std::pair<Digest, std::size_t>;

 private:
  std::vector<Link> subjects_;
  std::vector<Link> issued_;
};

Result<Done> examine_signature(TrustCandidates& candidates, std::size_t index, std::span<const Links::Link> issuers,
                               Findings& findings) {
  auto subject = candidates.at(index);
  if (!subject) return pass_on(subject);
  for (const auto& [name, issuer] : issuers) {
    auto candidate = candidates.at(issuer);
    if (!candidate) return pass_on(candidate);
    if (subject->certificate.signed_by(candidate->certificate.key())) return Done{};
  }
  findings.push_back({"pack.chain-signature",
                      fmt::format("{}: {}: was not signed by the given certificate of its issuer; one of the two "
                                  "is not what it says",
                                  printable(subject->alias), subject_of(subject->certificate))});
  return Done{};
}

}  // namespace

Result<Findings> examine_trust(TrustCandidates& candidates, TrustKind kind, Instant at) {
  Findings findings;
  Links links;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    auto candidate = candidates.at(i);
    if (!candidate) return pass_on(candidate);
    kind == TrustKind::Authorities ? examine_authority(*candidate, findings) : examine_pin(*candidate, findings);
    examine_validity(candidate->certificate, at, findings);
    links.add(candidate->certificate, i);
  }
  auto examined = links.each([&](std::size_t index, std::span<const Links::Link> issuers) {
    return examine_signature(candidates, index, issuers, findings);
  });
  if (!examined) return pass_on(examined);
  return findings;
}

}  // namespace sealroom
