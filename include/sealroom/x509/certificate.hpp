#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sealroom/base/bytes.hpp"
#include "sealroom/base/error.hpp"
#include "sealroom/base/time.hpp"
#include "sealroom/crypto/public_key.hpp"

namespace sealroom {

// One extension of a certificate.
struct CertificateExtension {
  std::string oid;
  bool critical = false;
  Bytes value;
};

// Certificate is an X.509 certificate parsed from strict DER; the DER is the truth and never re-encoded. It promises
// shape, not validity: nothing was verified. Immutable; copies share.
class Certificate {
 public:
  // Errors (Failed): not DER (re-encoding differs), octets behind it, a key that cannot be decoded.
  static Result<Certificate> parse(ByteView der);

  // The same for a certificate that has no signature yet and carries `key`, which was decoded before. OpenSSL may be
  // asked everything about it (get()) but to verify a signature. One more error (Failed): it carries another key.
  static Result<Certificate> parse_unsigned(ByteView der, const PublicKey& key);

  const Bytes& der() const;
  const Digest& digest() const;       // SHA-256 of der(): the fingerprint
  const Bytes& to_be_signed() const;  // TBSCertificate as it stands in der()
  const Bytes& subject() const;       // DER Name
  const Bytes& issuer() const;        // DER Name
  const Bytes& serial() const;        // contents octets of the INTEGER
  std::string serial_hex() const;     // as `openssl x509 -serial` prints it
  Instant not_before() const;
  Instant not_after() const;
  const PublicKey& key() const;
  const std::vector<CertificateExtension>& extensions() const;
  const CertificateExtension* extension(std::string_view oid) const;  // nullptr when absent
  bool is_ca() const;                                                 // basicConstraints cA
  std::optional<long> path_length() const;
  bool may_sign_certificates() const;  // keyCertSign, or no keyUsage
  bool self_issued() const { return subject() == issuer(); }

  // Whether `issuer`'s key made the signature, with RSA PKCS#1 v1.5 or ECDSA and one of our hashes.
  bool signed_by(const PublicKey& issuer) const;

  X509* get() const;

 private:
  struct Parts;
  static Result<std::shared_ptr<Parts>> read(ByteView der);
  explicit Certificate(std::shared_ptr<const Parts> parts) : parts_(std::move(parts)) {}
  std::shared_ptr<const Parts> parts_;
};

// Whether exactly `chain` (leaf first, root last, each certificate a link) verifies with OpenSSL at `at` under
// X509_V_FLAG_X509_STRICT, trusting its last certificate only, for `purpose`: "sslserver", "sslclient", "ca" or "any".
// Error (Failed) says which certificate and why.
Result<Done> verify_chain(const std::vector<Certificate>& chain, Instant at, const char* purpose);

// A PKCS#7 bag ("degenerate SignedData", RFC 2315) of `certificates`, each the DER of one, in this order. DER.
Bytes to_pkcs7(std::span<const ByteView> certificates);

}  // namespace sealroom
