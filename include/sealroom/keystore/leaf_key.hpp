#pragma once

#include "sealroom/base/bytes.hpp"
#include "sealroom/base/error.hpp"
#include "sealroom/base/secret.hpp"
#include "sealroom/crypto/public_key.hpp"

namespace sealroom {

// A leaf's own private key, as a key entry stores it, with its public half.
struct LeafKey {
  Secret pkcs8;  // PKCS#8 PrivateKeyInfo, DER
  PublicKey public_key;
};

// Whether the PEM `text` holds a private key under a password (RFC 5958, or RFC 1421 as OpenSSL's older form has it).
bool is_encrypted_key(ByteView text);

// The one private key in the PEM `text`: PKCS#8 or OpenSSL's older forms, encrypted or not, whose halves belong
// together. `password` may be empty for a key without one. Errors (Failed): none or several, wrong password, damaged.
// Messages begin with a verb: the caller says which file.
Result<LeafKey> read_leaf_key(const Secret& text, const Secret& password);

}  // namespace sealroom
