#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sealroom/base/error.hpp"
#include "sealroom/base/once.hpp"
#include "sealroom/crypto/crypto.hpp"
#include "sealroom/issuance/appliance.hpp"
#include "sealroom/issuance/told_by_log.hpp"
#include "sealroom/ledger/ledger.hpp"
#include "sealroom/token/token.hpp"
#include "sealroom/x509/certificate.hpp"

// The stages of a certificate, one type each. A type is named for what is known, and has one maker: whoever holds one
// holds the proof, and no later stage can be reached around an earlier one.
namespace sealroom {

class SigningCrew;
struct ProfileInForce;
using ProfilesInForce = std::map<std::string, ProfileInForce>;  // by name

// Largest number of certificates whose start is made durable together.
inline constexpr std::size_t kGroup = 100;
// Largest number of groups that are started and have no outcome yet: one is signed while the next is made ready.
inline constexpr std::size_t kGroupsInHand = 2;

// RecordedPlan is a plan that is durable in the ledger and read back from there: its document has the digest that was
// recorded, and its certificates are the ones that the document commits to, each as the newest log entry about it says.
class RecordedPlan {
 public:
  // Errors: Failed when there is no such plan, Integrity when document, digest and certificates disagree.
  static Result<RecordedPlan> read(const Ledger& ledger, std::string_view batch, std::string_view issuer,
                                   std::size_t threads);

  const PlanRow& row() const { return row_; }
  const std::vector<CertificateRow>& certificates() const { return certificates_; }
  bool is_reissue(const CertificateRow& certificate) const { return told_.is_reissue(certificate); }

 private:
  RecordedPlan() = default;
  PlanRow row_;
  BatchTold told_;
  std::vector<CertificateRow> certificates_;
};

// What the certificates of one profile are signed with and checked against.
struct SigningTerms {
  HashAlgorithm hash = HashAlgorithm::Sha256;
  Purpose purpose = Purpose::Server;
  std::optional<PublicKey> issuer_key;  // nothing for an issuer's own certificate, which has it
};

// A certificate that was started: its row, whose octets this process admitted below its issuer's chain
// (AdmittedCertificate), and the terms that it was decided under.
struct StartedCertificate {
  CertificateRow row;
  std::shared_ptr<const SigningTerms> terms;
};

// StartedGroup is some certificates of a RecordedPlan, decided again just now, whose start is durable: from here on a
// signature may exist. Nothing is missing to them but that signature. It can be signed once.
class StartedGroup {
 public:
  // Makes the start of up to kGroup planned certificates durable, from position `from` of the plan on. What would be
  // refused now, or is past its plan's time, is recorded as such and left out. `profiles` belongs to the plan, for as long
  // as the writing desk signs it; it is empty at first. Errors: Integrity.
  static Result<StartedGroup> start(const Work& work, const RecordedPlan& plan, ProfilesInForce& profiles,
                                    std::size_t from);

  std::size_t next() const { return next_; }  // position after the last certificate that was looked at
  const std::vector<StartedCertificate>& certificates() const { return *certificates_; }
  std::size_t withheld() const { return withheld_; }

 private:
  friend class SigningCrew;
  StartedGroup(std::vector<StartedCertificate> certificates, std::size_t next, std::size_t withheld)
      : certificates_(std::move(certificates)), next_(next), withheld_(withheld) {}
  Once<std::vector<StartedCertificate>> certificates_;
  std::size_t next_;
  std::size_t withheld_;
};

// VerifiedCertificate is a signed certificate that was read back: it is the planned octets, of which the rules and the
// chain were asked before they were started, their algorithm, and a signature that verifies under the issuer's key.
class VerifiedCertificate {
 public:
  const Bytes& der() const { return der_; }
  const Digest& digest() const { return digest_; }  // SHA-256 of der()
  const CertificateRow& row() const { return row_; }

 private:
  friend class SigningCrew;
  static Result<VerifiedCertificate> verify(const StartedCertificate& started, ByteView signature);
  VerifiedCertificate(Bytes der, CertificateRow row)
      : der_(std::move(der)), digest_(sha256(der_)), row_(std::move(row)) {}
  Bytes der_;
  Digest digest_;
  CertificateRow row_;
};

// A certificate that the token failed at: a signature may exist.
struct FailedCertificate {
  CertificateRow row;
  Error why;
};

// SignedGroup is what the token made of a StartedGroup: each certificate was verified, or failed, or was never tried.
class SignedGroup {
 public:
  const std::vector<VerifiedCertificate>& verified() const { return verified_; }
  const std::vector<FailedCertificate>& failed() const { return failed_; }
  const std::vector<CertificateRow>& untried() const { return untried_; }

 private:
  friend class SigningCrew;
  SignedGroup() = default;
  std::vector<VerifiedCertificate> verified_;
  std::vector<FailedCertificate> failed_;
  std::vector<CertificateRow> untried_;
};

// IssuedCertificate is a certificate that is durable in the ledger, with its log entry. The only thing that leaves.
class IssuedCertificate {
 public:
  // Reads one from the ledger: state issued, and its octets are the ones that its log entry names. Errors: Integrity.
  static Result<IssuedCertificate> read(const Ledger& ledger, const CertificateRow& row);

  // The SHA-256 of what read() would give, after the same checks: octets that a log entry names were parsed when they were
  // issued. `line` is what the log has at the row's entry, or why that could not be read. Errors: Integrity.
  static Result<Digest> digest_of(const CertificateRow& row, Result<std::string> line);

  const Certificate& certificate() const { return certificate_; }
  const CertificateRow& row() const { return row_; }

 private:
  IssuedCertificate(Certificate certificate, CertificateRow row)
      : certificate_(std::move(certificate)), row_(std::move(row)) {}
  Certificate certificate_;
  CertificateRow row_;
};

// Makes the outcome of `group` durable: issued; abandoned for what failed; planned again for the untried.
Result<Done> record_outcome(const Work& work, const SignedGroup& group);

}  // namespace sealroom
