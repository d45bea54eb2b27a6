#pragma once

#include <string>
#include <vector>

#include "sealroom/base/time.hpp"
#include "sealroom/crypto/public_key.hpp"
#include "sealroom/x509/certificate.hpp"
#include "sealroom/x509/finding.hpp"

namespace sealroom {

// What a key entry would hold, and every reason against it; it may be written only when there is none.
struct KeyEntryVerdict {
  std::vector<Certificate> chain;     // leaf first, root last where it is complete
  std::vector<Certificate> left_out;  // given, but no part of the chain
  bool reordered = false;             // the files had the chain in another order
  Findings findings;                  // pack.key-type, pack.key-mismatch, pack.ca-key, pack.leaf-is-ca,
                                      // pack.no-tls-purpose, pack.chain-incomplete, pack.chain-signature,
                                      // pack.chain-invalid, pack.expired, pack.not-yet-valid
};

// Judges `leaf` with `key`, its private key's public half, and finds its chain among `others`, whatever their order.
KeyEntryVerdict examine_key_entry(const Certificate& leaf, const std::vector<Certificate>& others, const PublicKey& key,
                                  Instant at);

struct TrustCandidate {
  std::string alias;
  Certificate certificate;
};

// Every reason against trusting `candidates`: pack.trust-not-ca, pack.chain-signature, pack.expired,
// pack.not-yet-valid. Their issuers need not be among them.
Findings examine_trust(const std::vector<TrustCandidate>& candidates, Instant at);

}  // namespace sealroom
