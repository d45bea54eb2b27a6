#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sealroom/base/time.hpp"
#include "sealroom/crypto/public_key.hpp"
#include "sealroom/x509/certificate.hpp"
#include "sealroom/x509/finding.hpp"

namespace sealroom {

// Whom a keystore is for, and so what its certificate must allow: a broker presents itself to clients (serverAuth), a
// client to brokers (clientAuth), a member of a cluster does both.
enum class KeystoreRole { Broker, Client, Member };
std::string_view name_of(KeystoreRole role);  // "broker", "client", "member"

// What a key entry would hold, and every reason against it; it may be written only when there is none.
struct KeyEntryVerdict {
  KeystoreRole role = KeystoreRole::Broker;
  std::vector<Certificate> chain;     // leaf first, root last where it is complete
  std::vector<Certificate> left_out;  // given, but no part of the chain
  bool reordered = false;             // the files had the chain in another order
  Findings findings;                  // pack.key-type, pack.key-mismatch, pack.ca-key, pack.leaf-is-ca,
                                      // pack.no-tls-purpose, pack.both-purposes, pack.not-for-server,
                                      // pack.not-for-client, pack.chain-incomplete, pack.chain-signature,
                                      // pack.chain-invalid, pack.expired, pack.not-yet-valid
};

// Judges `leaf` with `key`, its private key's public half, for `role`, and finds its chain among `others`, whatever their
// order. Without a role it is the one that the certificate allows; one that allows both needs `role` to be Member.
KeyEntryVerdict examine_key_entry(const Certificate& leaf, const std::vector<Certificate>& others, const PublicKey& key,
                                  std::optional<KeystoreRole> role, Instant at);

// What entries of a truststore are: CAs that issue the peers' certificates, or the peers' own, one by one.
enum class TrustKind { Authorities, PinnedLeaves };

struct TrustCandidate {
  std::string alias;
  Certificate certificate;
};

// Where candidates come from: there can be too many to hold.
class TrustCandidates {
 public:
  virtual ~TrustCandidates() = default;
  virtual std::size_t size() const = 0;
  virtual Result<TrustCandidate> at(std::size_t index) = 0;  // most are asked for once, in order
};

// Every reason against trusting `candidates` as `kind`: pack.trust-not-ca, pack.pin-is-ca, pack.no-tls-purpose,
// pack.chain-signature, pack.expired, pack.not-yet-valid. Their issuers need not be among them. Errors: the candidates'.
Result<Findings> examine_trust(TrustCandidates& candidates, TrustKind kind, Instant at);

}  // namespace sealroom
