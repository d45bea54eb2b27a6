#pragma once

#include <optional>
#include <string>

#include "sealroom/base/bytes.hpp"
#include "sealroom/base/error.hpp"
#include "sealroom/plan/decide.hpp"
#include "sealroom/x509/finding.hpp"

namespace sealroom {

// A serial number: 20 octets, top bit clear, the first one not zero (RFC 5280 section 4.1.2.2): exactly the contents of
// the INTEGER in the certificate.
using Serial = std::array<std::uint8_t, 20>;

// SHA-256 of `kernel` and `token` (32 octets each; `token` may be empty), first 20 octets, top bit cleared.
// Nothing in the one case in 128 that the first octet is zero then: draw again.
std::optional<Serial> make_serial(ByteView kernel, ByteView token);

// PlannedCertificate is the exact to-be-signed octets of a certificate, with serial and dates fixed, that passed every
// certificate rule. build() is the only maker. Its octets equal those of `openssl ca` 3.0 with the same configuration,
// serial and dates (for the issuer's own certificate: `openssl req -x509`).
class PlannedCertificate {
 public:
  // Errors: Failed with the certificate rule that the result would break (docs/findings.md, cert.*), Usage when
  // OpenSSL cannot make an extension of the section.
  static Result<PlannedCertificate> build(const Permit& permit, const Serial& serial);

  const Bytes& to_be_signed() const { return to_be_signed_; }  // TBSCertificate, DER
  const Serial& serial() const { return serial_; }
  const Validity& validity() const { return validity_; }
  const Bytes& subject() const { return subject_; }
  HashAlgorithm hash() const { return hash_; }
  Purpose purpose() const { return purpose_; }

 private:
  friend class AdmittedCertificate;
  explicit PlannedCertificate(Certificate without_signature) : without_signature_(std::move(without_signature)) {}
  // With one octet in the place of its signature: what the rules were asked about, and the chain will be.
  std::optional<Certificate> without_signature_;
  Bytes to_be_signed_;
  Serial serial_{};
  Validity validity_{};
  Bytes subject_;
  HashAlgorithm hash_ = HashAlgorithm::Sha256;
  Purpose purpose_ = Purpose::Server;
};

// SEQUENCE { to_be_signed, algorithm, BIT STRING signature }; the algorithm is the one inside to_be_signed.
Result<Bytes> assemble_certificate(ByteView to_be_signed, ByteView signature);

// What a certificate must be to leave this appliance.
struct Expectation {
  Purpose purpose = Purpose::Server;
  const Certificate* issuer = nullptr;  // null: self-signed
};

// Every certificate rule (RFC 5280; docs/findings.md, cert.*) that `certificate` breaks. No switch turns one off.
Findings check_certificate(const Certificate& certificate, const Expectation& expectation);

}  // namespace sealroom
