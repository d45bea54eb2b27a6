#pragma once

#include "sealroom/base/bytes.hpp"
#include "sealroom/base/error.hpp"
#include "sealroom/crypto/public_key.hpp"

namespace sealroom {

// The public key of CKA_MODULUS and CKA_PUBLIC_EXPONENT (big-endian, PKCS#11 v2.40 mechanisms, section 2.1.2).
Result<PublicKey> rsa_public_key(ByteView modulus, ByteView exponent);

// The public key of CKA_EC_PARAMS (an OBJECT IDENTIFIER: a named curve) and CKA_EC_POINT (an OCTET STRING around the
// point, section 2.3.3; some tokens give the point alone).
Result<PublicKey> ec_public_key(ByteView parameters, ByteView point);

}  // namespace sealroom
