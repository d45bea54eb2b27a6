#pragma once

#include <string>
#include <vector>

#include "objects.hpp"
#include "sealroom/base/json.hpp"
#include "sealroom/token/token.hpp"

namespace sealroom {

// What a private key says of itself.
struct KeyAttributes {
  Json evidence;                        // every attribute by name: true, false, a list of mechanisms, null without one
  std::string complaint{};              // why the key must never be used, "" when it may
  std::vector<std::string> unproven{};  // the attributes of its history that do not hold: "CKA_LOCAL is false"

  // Why the key must not be used by someone who asks for this history, "" when it may.
  std::string complaint_for(KeyHistory history) const;
};

// Reads the attributes that TokenKey promises back and judges them.
//
// CKA_SENSITIVE, CKA_EXTRACTABLE and their history, CKA_PRIVATE, CKA_TOKEN, CKA_LOCAL and CKA_SIGN must be there; what
// only forbids other uses may be missing on tokens that do not know it. Errors (Token): cannot be read.
Result<KeyAttributes> read_key_attributes(const ObjectReader& objects, CK_OBJECT_HANDLE key);

}  // namespace sealroom
