#pragma once

#include <string>
#include <string_view>

#include "sealroom/issuance/appliance.hpp"

namespace sealroom {

// Says what a token is about to be asked to do with the owner's key: durable before the token is asked. An earlier intent
// that a crash left open is closed: this one takes its place.
Result<Done> note_intent(const Work& work, std::string_view owner, const log::Event& intent);

// Closes the owner's intent that a crash left open, if there is one.
Result<Done> close_open_intent(const Work& work, Change& change, std::string_view owner);

// The intent to ask a token for a key with this label (key.generating).
log::Event generating(std::string_view owner, const KeySpec& spec, std::string_view label,
                      std::string_view token_serial);

// Says that nothing came of it (key.generation-failed), and gives the error `why`.
std::unexpected<Error> not_generated(const Work& work, std::string_view owner, const Error& why);

}  // namespace sealroom
