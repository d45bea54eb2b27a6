#pragma once

#include "sealroom/base/error.hpp"
#include "sealroom/policy/configuration.hpp"

namespace sealroom::daemon {

// Finishes the home that is the working directory: a new ledger with its first entry, and, where the configuration
// names trial PINs, a token with each of them. Errors: Failed, Token.
Result<Done> make_home(const Configuration& configuration);

}  // namespace sealroom::daemon
