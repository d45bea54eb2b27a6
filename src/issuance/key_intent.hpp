#pragma once

#include <string>
#include <string_view>

#include "sealroom/issuance/appliance.hpp"

namespace sealroom {

// Says that a token is about to be asked for a key (key.generating): durable before the token is. An earlier intent that
// a crash left open is closed: this one takes its place.
Result<Done> note_intent(const Work& work, std::string_view owner, const KeySpec& spec, const std::string& label,
                         const std::string& token_serial);

// Says that nothing came of it (key.generation-failed), and gives the error `why`.
std::unexpected<Error> not_generated(const Work& work, std::string_view owner, const Error& why);

}  // namespace sealroom
