#pragma once

#include "objects.hpp"
#include "sealroom/base/json.hpp"

namespace sealroom {

// What came of trying to get a private key out of its token.
struct ExtractionAttempts {
  Json evidence = Json::array();  // {"attempt": "read CKA_PRIVATE_EXPONENT", "answer": "CKR_ATTRIBUTE_SENSITIVE"}, ...
  std::string complaint{};        // what succeeded and must not, "" when nothing did
};

// Tries to read the private values, to wrap the key under a fresh AES key, and to copy it, as it is and extractable.
// What comes out is wiped, what was made is destroyed again. `copyable` says that the token does not keep CKA_COPYABLE:
// then a copy that stays as protected as the key is recorded only.
enum class Copyable { Forbidden, NotKept };
ExtractionAttempts try_to_extract(const ObjectReader& objects, const PrivateKeyObject& key, Copyable copyable);

}  // namespace sealroom
