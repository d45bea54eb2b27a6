#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sealroom/base/bytes.hpp"
#include "sealroom/base/time.hpp"
#include "sealroom/media/submission.hpp"
#include "sealroom/policy/configuration.hpp"
#include "sealroom/x509/certificate.hpp"
#include "sealroom/x509/finding.hpp"
#include "sealroom/x509/request.hpp"

namespace sealroom {

// Under which rules a request is judged. Pointers may be null: what then cannot be evaluated is listed.
struct Rules {
  const IssuerConfig* issuer = nullptr;
  const Profile* profile = nullptr;
  const Certificate* issuer_certificate = nullptr;  // null for a root that is yet to be signed
  RequestLimits limits = {};
  KeySettings keys = {};
  std::span<const Certificate> above{};       // the certificates above the issuer's, nearest first, the root last
  const PermittedNames* permitted = nullptr;  // what the issuer's settings permit; null: not known
};

// What happened to one thing that a request asked for.
struct Treatment {
  std::string asked;     // "extension subjectAltName", "attribute challengePassword"
  std::string happened;  // "copied", "replaced by the profile's", "dropped", "refused"
};

// Examination is everything that a request decides by itself under given rules: all findings, not only the first.
// Pure. `sealroom check` and the daemon both make it with examine(), so their verdicts are the same.
struct Examination {
  Submission submission;
  Findings refusals;  // any one of them refuses
  Findings remarks;   // said, without refusing
  std::vector<Treatment> treatments;
  std::vector<std::string> not_evaluated;  // finding ids of rules that lacked a configuration or certificate

  std::optional<VerifiedCsr> csr;         // present when the signature verified
  std::optional<ParsedRequest> unproven;  // parsed, but the signature did not verify
  Bytes subject;            // DER Name that the certificate would have (policy section applied); may be empty
  Bytes alternative_names;  // DER Extension to copy, octets and criticality unchanged; may be empty

  const ParsedRequest* request() const;  // whichever of csr and unproven is there
};

// Judges `submission` by every rule that needs nothing but the request, the configuration and the issuer's certificate.
//
// Takes no longer than the limits say, by `clock`, plus one step of the arithmetic (milliseconds): a request that would
// is refused as `request.too-slow`, with what was found until then. That finding alone depends on the machine.
Examination examine(Submission submission, const Rules& rules, const Clock& clock);

}  // namespace sealroom
