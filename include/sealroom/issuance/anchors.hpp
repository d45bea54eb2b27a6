#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sealroom/issuance/appliance.hpp"

// Roll-back: every CA and log token remembers the newest checkpoint that was made while it was unlocked. A ledger that
// does not continue it is not the one that the token worked with.
namespace sealroom {

// How a ledger stands to a token's anchor.
enum class Standing {
  Fresh,    // the token remembers nothing yet
  Equal,    // it remembers the newest checkpoint
  Behind,   // it remembers an earlier part of this log
  Older,    // it has seen more entries than the ledger had when it was put in place: the ledger is an older copy
  Shorter,  // the same, and the ledger's own rows speak of entries that are gone: its log was cut
  Forked,   // this log tells of other deeds where the token remembers its own: another history
  Swapped,  // it remembers a log of another name: another appliance's ledger or token
};

std::string_view name_of(Standing standing);  // "fresh", "equal", ...

// Errors: Integrity when the ledger cannot be read.
Result<Standing> compare(const Ledger& ledger, std::string_view origin, const std::optional<Anchor>& anchor);

// A token that remembers what the ledger does not have, as the log tells it.
struct Gap {
  std::string owner;
  std::string token_serial;
  Anchor anchor;
};

// The gaps that nobody has accepted: while there is one, nothing is signed. Errors: Integrity.
Result<std::vector<Gap>> open_gaps(const Ledger& ledger, const Configuration& configuration);

// Error (Integrity) while there is an open gap: nothing is signed, checkpoints included.
Result<Done> no_open_gap(const Ledger& ledger, const Configuration& configuration);

// Compares the owner's unlocked token with the ledger. A gap is recorded (anchor.mismatch), and is the error (Integrity)
// that says what it means, unless exactly this gap was accepted.
Result<Standing> check_anchor(const Work& work, std::string_view owner);

// Says in the log, for ever, that a person accepts the gap (anchor.gap-accepted).
Result<Done> accept_gap(Change& change, const Gap& gap);

// Lets every unlocked token remember `checkpoint`; one that does already is left alone. Error (Token) names the first that
// did not, after all were tried.
Result<Done> anchor_tokens(const Work& work, const CheckpointRow& checkpoint);

}  // namespace sealroom
