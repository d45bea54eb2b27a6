#pragma once

#include <optional>

#include "der_reader.hpp"
#include "sealroom/crypto/public_key.hpp"
#include "sealroom/x509/finding.hpp"

namespace sealroom {

// The RSA, EC or Ed25519 key in `spki`, a SubjectPublicKeyInfo that der::check() passed; nothing, and a finding, when
// it is none, or when two decoders could read it differently. Says nothing about size or curve.
std::optional<PublicKey> read_request_key(const der::Value& spki, Findings& findings);

}  // namespace sealroom
