#pragma once

#include "objects.hpp"
#include "sealroom/base/json.hpp"

namespace sealroom {

// What a private key says of itself.
struct KeyAttributes {
  Json evidence;              // every attribute by name: true, false, a list of mechanisms, or null when it has none
  std::string complaint{};  // why the key must not be used, "" when it may
};

// Reads the attributes that TokenKey promises back and judges them.
//
// CKA_SENSITIVE, CKA_EXTRACTABLE and their history, CKA_PRIVATE, CKA_TOKEN, CKA_LOCAL and CKA_SIGN must be there; what
// only forbids other uses may be missing on tokens that do not know it. Errors (Token): cannot be read.
Result<KeyAttributes> read_key_attributes(const ObjectReader& objects, CK_OBJECT_HANDLE key);

}  // namespace sealroom
