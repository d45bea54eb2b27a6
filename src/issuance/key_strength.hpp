#pragma once

#include <string_view>

#include "sealroom/policy/configuration.hpp"
#include "sealroom/token/token.hpp"

namespace sealroom {

// Whether a key of this kind may be the owner's: the log's must be EC P-256, an issuer's RSA key at least its
// default_bits. Errors: Usage.
Result<Done> is_strong_enough(const Configuration& configuration, std::string_view owner, const KeySpec& spec);

}  // namespace sealroom
