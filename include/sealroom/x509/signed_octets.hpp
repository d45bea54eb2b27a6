#pragma once

#include "sealroom/base/bytes.hpp"
#include "sealroom/base/error.hpp"
#include "sealroom/crypto/public_key.hpp"

namespace sealroom {

// SignedOctets is the outer half of a certificate (RFC 5280 section 4.1): octets, an algorithm and a signature, read from
// strict DER. What the octets say it leaves to others. It views the octets that it was read from, which outlive it.
class SignedOctets {
 public:
  // Errors (Failed): not DER, octets behind it, or not these three parts.
  static Result<SignedOctets> read(ByteView der);

  ByteView to_be_signed() const { return to_be_signed_; }  // TBSCertificate

  // Whether `key` made the signature, with RSA PKCS#1 v1.5 or ECDSA and one of our hashes, under the algorithm that stands
  // inside the octets, too.
  bool signed_by(const PublicKey& key) const;

 private:
  SignedOctets() = default;
  ByteView to_be_signed_;
  ByteView algorithm_;
  ByteView signature_;
};

}  // namespace sealroom
