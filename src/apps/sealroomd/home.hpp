#pragma once

#include <string>

#include "sealroom/base/error.hpp"
#include "sealroom/base/file.hpp"
#include "sealroom/policy/configuration.hpp"

namespace sealroom::daemon {

// Paths inside a home; the daemon's working directory is the home, so they are short whatever its name.
inline constexpr const char* kLedger = "ledger/ledger.db";
inline constexpr const char* kLock = "run/sealroomd.lock";
inline constexpr const char* kSocket = "run/sealroomd.sock";
inline constexpr const char* kSpool = "run/upload";
inline constexpr const char* kBackupCopy = "run/backup";

// Makes `home` the working directory. Errors (Usage): missing, not a directory, half-made (each
// names what is absent), or of a name that cannot be shown.
Result<std::string> enter_home(const std::string& home);

// The only daemon of this home, for as long as the value lives. Error (Failed) names the one that runs.
Result<Fd> lock_home();

// The configuration of the home, and every key URI in it parsed: before its files go into the log, where a PIN in a URI
// would stay for ever. Errors: Usage, with file and line or field.
Result<Configuration> load_configuration();

}  // namespace sealroom::daemon
