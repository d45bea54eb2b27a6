#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sealroom/issuance/appliance.hpp"

// The clock of an offline machine is what certificates and log are dated with, and nothing corrects it. A person vouches
// for it once a boot, and again whenever there is a reason to doubt it.
namespace sealroom {

// What wall clock and boot clock may differ within a boot, and what a person's clock may differ from the machine's.
inline constexpr std::chrono::minutes kClockTolerance{5};

// Why a person must confirm the time before a token is unlocked or anything is signed; "" when nobody has to: the time
// was confirmed in this boot, wall clock and boot clock went on together since, and nothing doubted it after that.
// Errors: Integrity.
Result<std::string> doubt_about_clock(const Ledger& ledger, const Clock& clock);

// Error (NeedsPerson) with that reason.
Result<Done> clock_is_confirmed(const Ledger& ledger, const Clock& clock);

// A person says that it is `told` now, by a clock that is not this machine's. Errors: Usage when that is more than
// kClockTolerance from this machine's clock (then that one must be set), Integrity.
Result<Done> confirm_clock(const Work& work, Instant told);

// In a trial home nobody is asked after a boot: confirms by itself, in the log as such, unless the clock was doubted for
// any other reason.
Result<Done> confirm_clock_of_trial(const Work& work);

// Records a doubt when the newest entry is longer ago than the configuration's longest silence. For the daemon's start,
// before its first entry.
Result<Done> doubt_after_silence(const Work& work);

// What was dated by a clock that was ahead.
struct Misdated {
  Instant newest;                            // the newest entry's time, which is yet to come
  std::uint64_t first_entry = 0;             // the first entry that is dated after the present
  std::uint64_t entries = 0;                 // how many there are
  std::vector<CertificateRow> certificates;  // issued in those entries
};

// Lets the log go on from the present although its newest entry is dated later: the clock was ahead and has been set
// right. Records clock.corrected with everything that was dated wrongly; the time must be confirmed anew. Errors: Usage
// when the log is not ahead, Integrity.
Result<Misdated> correct_clock(const Work& work);

}  // namespace sealroom
