#pragma once

#include "sealroom/issuance/keys.hpp"

namespace sealroom {

// The private key on the owner's unlocked token that `choice` points at. `expected` is what an empty choice means: the
// digest of the owner's public key, or nothing for the only unknown one. Errors: NeedsPerson while the token is locked;
// Usage for none and for several, Token.
Result<StoredKey> chosen_key(const Work& work, const KeyChoice& choice, const std::optional<Digest>& expected);

// Errors: NeedsPerson when what a person typed is not confirmation_of(key).
Result<Done> is_confirmed(const KeyChoice& choice, const TokenPrivateKey& key);

// Error (Usage) when no reason was given, or one that is not plain text.
Result<Done> has_reason(const KeyChoice& choice);

}  // namespace sealroom
