#pragma once

#include <string>

#include "sealroom/issuance/keys.hpp"

// A new key for the log, in the log itself for ever. Checkpoints that the old key signed stay as they are.
namespace sealroom {

// Generates a new key on the unlocked log token, has both keys sign that the one succeeds the other (log.key-rotated),
// and signs a checkpoint with the new one. The old one stays on the token, and signs nothing any more. Errors: NeedsPerson
// while the token is locked, Integrity, Token; until the entry is durable the old key is in force.
Result<ActDone> rotate_log_key(const Work& work);

// For a log key that is lost with its token. Logs in to the token that the configuration now names for the log, generates
// a key there, and says for ever that people, and not the old key, vouch for it (log.key-replaced, with `reason`). The
// token is locked again: unlocking it compares everything. Errors: Usage while the old key is there, or without a
// reason; NeedsPerson, Integrity, Token.
Result<ActDone> replace_log_key(const Work& work, const Secret& pin, FinalTry final_try, const std::string& reason);

}  // namespace sealroom
