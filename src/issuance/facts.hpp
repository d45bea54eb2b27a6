#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "sealroom/issuance/appliance.hpp"
#include "sealroom/plan/decide.hpp"
#include "sealroom/x509/issuer_chain.hpp"

namespace sealroom {

// A key of this appliance's own.
struct OwnedKey {
  std::string owner;
  Digest key{};  // SHA-256 of its public half
};

// The rules under which requests of an issuer and profile are judged, the chain that they point into, and the keys that
// no request may have: as they are while the writing desk does one thing.
struct RulesInForce {
  std::string issuer;
  std::string profile;
  Rules rules;
  std::shared_ptr<const IssuerChain> chain;  // of the issuer, rules points into it; null while it has no certificate

  std::vector<OwnedKey> keys;  // of every owner, in the order of their names

  // The chain that a certificate of the profile stands below; null for the issuer's own.
  const IssuerChain* above() const { return rules.profile->own_certificate ? nullptr : chain.get(); }
};

// Errors: Usage for an issuer or profile that the configuration does not know, NeedsPerson for an inactive issuer,
// Failed when a certificate of its chain is not signed by the one above it.
Result<RulesInForce> rules_in_force(const Appliance& appliance, std::string_view issuer, std::string_view profile);

// What a request asks a certificate for: SHA-256 of its octets and of its public key, and the subject that it would have.
struct Asked {
  Digest request{};
  Digest key{};
  ByteView subject;
};

// What the ledger says about a request that goes into `batch`, at `now`. `self` (may be null) is its certificate when it
// is decided again: only what came before it then counts.
Result<Facts> facts_about(const Ledger& ledger, const Asked& asked, const RulesInForce& in_force,
                          std::string_view batch, Instant now, const CertificateRow* self);

// Takes back what a reissue with a reason overrides: the same request or the same key, certified before.
void allow_reissue(Facts& facts);

}  // namespace sealroom
