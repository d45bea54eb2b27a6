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

// Whether `octets` hold a private key under a password: PEM (RFC 5958, or RFC 1421 as OpenSSL's older form has it), DER
// (RFC 5958), or a PKCS#12 or JKS store.
bool is_encrypted_key(ByteView octets);

// The one private key in `octets`, whose halves belong together: PKCS#8 or OpenSSL's older forms, PEM or DER, encrypted
// or not, or the one key of a PKCS#12 or JKS store, whose password is the key's, too. `password` may be empty for a key
// without one. Errors (Failed): none or several, wrong password, damaged. Messages begin with a verb: the caller says
// which file.
Result<LeafKey> read_leaf_key(const Secret& octets, const Secret& password);

}  // namespace sealroom
