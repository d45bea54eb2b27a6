#pragma once

#include <optional>
#include <string>

#include "sealroom/base/bytes.hpp"
#include "sealroom/crypto/public_key.hpp"
#include "sealroom/x509/finding.hpp"

namespace sealroom {

enum class SignatureFamily { RsaPkcs1, Ecdsa, Ed25519 };

// A signature algorithm that is accepted on requests and certificates.
struct SignatureAlgorithm {
  SignatureFamily family;
  HashAlgorithm hash;  // of Ed25519 SHA-512, as part of the algorithm (RFC 8032 section 5.1)
};

// The accepted algorithm that `oid` (dotted decimal) names; nothing for every other one.
std::optional<SignatureAlgorithm> accepted_signature_algorithm(const std::string& oid);

// `signature.algorithm` or `signature.parameters`; nothing when the pair is accepted.
std::optional<Finding> signature_algorithm_finding(const std::string& oid, ByteView parameters);

// Whether `parameters` (DER, empty when absent) are what the family asks for: NULL for RSA (RFC 4055 section 5), absent
// for ECDSA (RFC 5758 section 3.2) and Ed25519 (RFC 8410 section 3).
bool has_right_parameters(SignatureFamily family, ByteView parameters);

// Whether a key of this kind can make a signature of this family.
bool fits(SignatureFamily family, const PublicKey& key);

}  // namespace sealroom
