#pragma once

#include <string_view>

#include "sealroom/issuance/keys.hpp"

// What lies on the tokens, compared with what the ledger knows.
namespace sealroom {

// Lists the private keys on the owner's unlocked token and remembers them in the key ring, each with its standing. Value:
// the unknown ones, as details_of() tells them. Errors: Token, Integrity.
Result<Json> look_at_keys(const Work& work, std::string_view owner);

// What follows an act on the owner's keys: what is on the token is looked at again, and a checkpoint covers what was done
// where the log key is unlocked. Errors: Token, Integrity.
Result<Done> look_again(const Work& work, std::string_view owner);

// Whether the private half of `row` is on the token, usable or not. Errors: Token.
Result<bool> holds(const Token& token, const KeyRow& row);

// Says in the log why the owner's key, or the token given for it, is not used (key.refused). The error is `why`,
// or that of the log.
std::unexpected<Error> refuse_key(const Work& work, std::string_view owner, const Error& why);

// Says in the log what became of keys that were being destroyed when the daemon ended, as the owner's unlocked token
// shows it. Errors: Token, Integrity.
Result<Done> close_destructions(const Work& work, std::string_view owner);

// The log tag under which keys on tokens of `owner` are declared foreign.
std::string foreign_tag(std::string_view owner);

// SHA-256 of the key's public half in hexadecimal digits, "" when nobody can tell it.
std::string digest_text(const TokenPrivateKey& key);

// How log entries tell of a key on a token: key_id, label, algorithm, public_key_sha256.
Json details_of(const TokenPrivateKey& key);

}  // namespace sealroom
