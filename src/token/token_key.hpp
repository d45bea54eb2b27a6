#pragma once

#include "key_attributes.hpp"
#include "login.hpp"
#include "objects.hpp"
#include "sealroom/token/token.hpp"

namespace sealroom {

struct TokenKey::State {
  std::shared_ptr<Login> login;  // outlives `key`
  PublicKey public_key;
  Bytes id;
  OwnedPkey key;

  // One signature through libp11. The caller holds the login's gate and has seen it open.
  Result<Bytes> sign(ByteView message, HashAlgorithm hash) const;
};

struct FoundKey {
  PrivateKeyObject object;
  KeyAttributes attributes;
};

// The one private key that `uri` names, whose attributes are right for `history` and whose public half is `expected`.
// Errors: as Token::key, as far as no signature is needed.
Result<FoundKey> find_key(const ObjectReader& objects, const TokenUri& uri, const PublicKey& expected,
                          KeyHistory history);

// Takes `object` into use: its libp11 key, and a trial signature that verifies under `expected`.
// The caller holds the login's gate alone, and has checked the key's attributes.
Result<std::unique_ptr<TokenKey::State>> take_into_use(const std::shared_ptr<Login>& login,
                                                       const PrivateKeyObject& object, const PublicKey& expected);

}  // namespace sealroom
