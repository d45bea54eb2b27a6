#pragma once

#include <string>

#include "sealroom/base/error.hpp"
#include "sealroom/policy/configuration.hpp"

namespace sealroom::daemon {

// Finishes the home that is the working directory, which holds what a backup had: examines the ledger, takes in the exports
// that lie in run/exports, and records ledger.restored; all of it durable together, or nothing. Gives the answer for the
// person as JSON. Errors: Integrity, NeedsPerson, Usage.
Result<std::string> finish_restore(const Configuration& configuration);

// Takes the exports that lie in run/exports into the ledger of the home, whose daemon is not running.
Result<std::string> take_exports(const Configuration& configuration);

}  // namespace sealroom::daemon
