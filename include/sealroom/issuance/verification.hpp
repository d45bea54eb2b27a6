#pragma once

#include <optional>
#include <string>

#include "sealroom/issuance/appliance.hpp"

// The ledger is verified whole when somebody asks for it. The log remembers when that was and what came of it: a ledger
// that was found wrong is not written again until a verification finds it right.
namespace sealroom {

// Verifies the log (Ledger::verify) and holds every row of certificates, plans, keys and active issuers against the entry
// that speaks of it; none may be missing either. Gives the log's size. Reads the whole ledger, and tells `progress` how
// many certificates it has seen, of how many. Errors: Integrity; Failed when it could not be read to its end.
using VerificationProgress = std::function<void(std::uint64_t done, std::uint64_t total)>;
Result<std::uint64_t> verify_ledger(const Ledger& ledger, const VerificationProgress& progress);

struct LedgerVerification {
  Instant time;         // when it ended
  std::uint64_t size;   // entries that were found right, 0 when something was wrong
  std::string trouble;  // what was wrong, "" when nothing was
};

// Records it (log.verified); the entry's time is when it is recorded. Errors: Integrity.
Result<Done> record_verification(const Work& work, const LedgerVerification& verification);

// The newest one that was recorded; nothing while there is none. Errors: Integrity.
Result<std::optional<LedgerVerification>> newest_verification(const Ledger& ledger);

// The error (Integrity) that stands for a ledger which its newest verification found wrong.
std::unexpected<Error> found_wrong(const LedgerVerification& verification);

}  // namespace sealroom
