#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "sealroom/base/time.hpp"
#include "sealroom/plan/examine.hpp"

namespace sealroom {

// What the operator asked for beside the request.
struct Wish {
  std::optional<int> days;
  std::optional<Instant> not_before;
  std::optional<Instant> not_after;
};

// An earlier certificate, from the ledger.
struct EarlierCertificate {
  std::string batch;
  std::string issuer;
  std::string serial;  // upper-case hex
  Bytes subject;
  Instant not_after;
};

// Facts that a decision depends on and a request cannot know. All come in as arguments; decide() looks nothing up.
struct Facts {
  Instant now;
  std::optional<EarlierCertificate> same_request;    // issued or planned for these very octets, not expired
  std::optional<std::string> same_request_in_batch;  // printable path of the first one in this batch
  std::vector<EarlierCertificate> same_key;          // for this public key, not expired: one for each subject
  std::vector<EarlierCertificate> same_subject;      // by this issuer, for the subject to be issued, not expired
  // Name of our CA (or "log") whose key this is. Empty where that is right: an issuer's own certificate, and a CA of
  // ours that asks an issuer above it for a certificate of its own key.
  std::optional<std::string> key_of_issuer;
  std::optional<Digest> issuer_key;  // SHA-256 of the issuer's public key on its token; nothing when it has none yet
};

// Validity of a certificate: both ends are inclusive (RFC 5280 section 4.1.2.5).
struct Validity {
  Instant not_before;
  Instant not_after;
};

// Permit says that a request may become a certificate under the rules and facts it was decided with. decide() is its
// only maker.
class Permit {
 public:
  const VerifiedCsr& csr() const { return *examination_.csr; }
  const Examination& examination() const { return examination_; }
  const Rules& rules() const { return rules_; }
  const Validity& validity() const { return validity_; }
  const Findings& remarks() const { return examination_.remarks; }

 private:
  friend std::variant<Permit, struct Refusal> decide(Examination, const Rules&, const Facts&, const Wish&);
  Permit(Examination examination, const Rules& rules, Validity validity)
      : examination_(std::move(examination)), rules_(rules), validity_(validity) {}
  Examination examination_;
  Rules rules_;
  Validity validity_;
};

// Refusal holds every reason, not only the first.
struct Refusal {
  Examination examination;  // refusals is not empty
};

using Decision = std::variant<Permit, Refusal>;

// Decides whether a request becomes a certificate. Pure: the same arguments give the same answer. `rules` must be
// complete (issuer and profile present); a null issuer_certificate is right only for the issuer's own profile.
//
// Adds to the examination: request.already-issued, request.duplicate, key.of-a-ca, key.other-subject,
// subject.not-unique, validity.*, issuer.validity, issuer.key and profile.own-certificate; renewal of a key is the remark key.renewal.
Decision decide(Examination examination, const Rules& rules, const Facts& facts, const Wish& wish);

// What facts and the time have against a request that was permitted before under these very rules, by this program: the
// part of decide() that can come out otherwise now. `key` is the SHA-256 of its public key, `subject` the Name that was
// planned, and `wish` the validity that was planned. Pure.
Findings objections(const Digest& key, ByteView subject, const Rules& rules, const Facts& facts, const Wish& wish);

}  // namespace sealroom
