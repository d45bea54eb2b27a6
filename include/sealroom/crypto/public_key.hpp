#pragma once

#include <memory>
#include <string>

#include "sealroom/base/bytes.hpp"
#include "sealroom/base/error.hpp"
#include "sealroom/crypto/owned.hpp"

namespace sealroom {

enum class KeyType { Rsa, EcP256, EcP384, EcP521, Ed25519, Other };

// Hash functions that a signature here may use (SHA-1 and MD5 do not exist for us).
enum class HashAlgorithm { Sha256, Sha384, Sha512 };

std::string_view name_of(HashAlgorithm hash);  // "sha256", as default_md has it
const EVP_MD* evp_of(HashAlgorithm hash);

// What a reader found in a SubjectPublicKeyInfo.
struct RsaNumbers {
  ByteView key;  // RSAPublicKey (RFC 8017 appendix A.1.1), DER
};
struct CurvePoint {
  ByteView curve;  // its name: an OBJECT IDENTIFIER, DER
  ByteView point;  // in any form of SEC 1 section 2.3.3
};

// PublicKey is a SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7) that OpenSSL could decode. It promises nothing
// about strength. Immutable; copies share the decoded key.
class PublicKey {
 public:
  // Decodes DER with nothing behind it. Errors: Failed.
  static Result<PublicKey> parse(ByteView spki_der);

  // The same where a reader of strict DER has found these octets in `spki_der`, so that OpenSSL need not look for a decoder,
  // which is the dearest thing that can be done with a key. OpenSSL still judges them: a point lies on its curve. Such a
  // key can be set in a certificate (X509_set_pubkey), which is as dear with any other.
  static Result<PublicKey> made_of(ByteView spki_der, const RsaNumbers& numbers);
  static Result<PublicKey> made_of(ByteView spki_der, const CurvePoint& point);

  // The same where OpenSSL has decoded the key already, inside a certificate. `decoded` is shared; when it is null this is
  // parse().
  static Result<PublicKey> decoded_from(ByteView spki_der, EVP_PKEY* decoded);

  // Takes the public half of `key`, which may be a private key; its DER is encoded anew.
  static Result<PublicKey> of(const EVP_PKEY* key);

  const Bytes& der() const { return der_; }
  const Digest& digest() const { return digest_; }  // SHA-256 of der()
  KeyType type() const { return type_; }
  unsigned bits() const { return bits_; }  // of the modulus or the curve's order
  std::string description() const;         // "RSA 2048", "EC P-256", "EC secp256k1", "ED25519"

  // Whether `signature` is this key's over `message`: RSA PKCS#1 v1.5, ECDSA (DER) with `hash`; Ed25519 ignores it.
  bool verifies(ByteView message, ByteView signature, HashAlgorithm hash) const;

  EVP_PKEY* get() const { return key_.get(); }

 private:
  PublicKey() = default;
  Bytes der_;
  Digest digest_{};
  KeyType type_ = KeyType::Other;
  unsigned bits_ = 0;
  std::shared_ptr<EVP_PKEY> key_;
};

}  // namespace sealroom
