#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "sealroom/base/time.hpp"
#include "sealroom/issuance/key_ring.hpp"
#include "sealroom/issuance/own_plans.hpp"
#include "sealroom/ledger/ledger.hpp"
#include "sealroom/log/checkpoint.hpp"
#include "sealroom/policy/configuration.hpp"
#include "sealroom/x509/certificate.hpp"

namespace sealroom {

// Appliance is what issuance works with. The parts outlive it.
struct Appliance {
  const Configuration& configuration;
  Ledger& ledger;
  KeyRing& keys;
  const Clock& clock;
  std::string software;  // digest of the program, for log entries
  unsigned threads = 1;  // that decide on requests
  OwnPlans own_plans{};
};

// Work is one thing that somebody asked for: who, and where to say how far it is. The first change that it begins under a
// configuration puts that into the log first (configuration.loaded).
struct Work {
  Appliance& appliance;
  log::Actor actor;
  std::function<void(std::uint64_t done, std::uint64_t total)> progress = [](std::uint64_t, std::uint64_t) {};
  // Whether the daemon is about to end: long work stops at the next point where nothing is lost.
  std::function<bool()> stopping = [] { return false; };

  // Begins a change to the ledger, dated now. Error (Integrity) when the clock stands before the newest entry.
  Result<Change> begin() const;

  // Begins the change that says what came of something begun: a clock that was set back meanwhile must not make it
  // unknown, so it is dated no earlier than the newest entry.
  Result<Change> begin_outcome() const;

  // Begins the change that says that the log was dated by a clock that was ahead: dated now, whatever came before. That
  // entry must be its first, so the caller records the configuration.
  Result<Change> begin_corrected() const;
};

// Error (Integrity) when the clock stands before the newest log entry: nothing can be dated then.
Result<Done> clock_is_not_behind(const Ledger& ledger, const Clock& clock);

// The error of work that was stopped half-way for the daemon's end.
std::unexpected<Error> stopped();

// An event that stands by itself: one entry, durable when this returns.
Result<Receipt> record(const Work& work, const log::Event& event, std::string_view batch = {});

// The newest log entry, of those that belong to `batch` when it is not empty; nothing while there is none.
// Errors: Integrity.
Result<std::optional<log::Entry>> newest_entry(const Ledger& ledger, std::string_view batch = {});

// Signs a checkpoint over the whole log and stores it; nothing to do when the newest one covers it.
// Errors: NeedsPerson while the log key is locked or not made; Token; Integrity.
Result<CheckpointRow> checkpoint(const Work& work);

// A checkpoint over the log as it is, signed and not stored, where more than 20,000 entries have none: what no checkpoint
// covers is read again at every start. The caller puts it into the next change, which makes it durable without a sync of
// its own; tokens learn of a later one. Nothing where there is no need, or where the log's key cannot sign beside other
// threads: whoever needs a checkpoint says why there is none.
std::optional<CheckpointRow> checkpoint_meanwhile(const Work& work);

// checkpoint() where a locked log key is no obstacle: then the checkpoint waits, and nothing is returned.
Result<std::optional<CheckpointRow>> checkpoint_if_unlocked(const Work& work);

// The certificates of an active issuer, its own first, the root last. Error NeedsPerson when it is not active.
Result<std::vector<Certificate>> chain_of(const Ledger& ledger, std::string_view issuer);

// Puts the configuration in force into the log (configuration.loaded), unless it is there: its files as base64.
Result<Done> record_configuration(Change& change, const Appliance& appliance);

// The files of the configuration with this digest (hex), as the log has them. Errors: Integrity.
Result<std::vector<ConfigurationFile>> recorded_configuration(const Ledger& ledger, std::string_view digest);

// The issuer's row; "configured" when the ledger does not know it yet.
Result<IssuerRow> issuer_row(const Ledger& ledger, std::string_view issuer);

}  // namespace sealroom
