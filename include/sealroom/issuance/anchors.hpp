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

// Stands in an owner's place where a checkpoint was brought from outside. No issuer has this name.
inline constexpr std::string_view kOutside = "outside checkpoint";

// A token, or a checkpoint from outside, that remembers what the ledger does not have, as the log tells it.
struct Gap {
  std::string owner;
  std::string token_serial;  // empty from outside
  Anchor anchor;
};

std::string who_remembers(const Gap& gap);  // "the token of root (serial 4711)", "the checkpoint from outside"

// The gaps that nobody has accepted: while there is one, nothing is signed. Errors: Integrity.
Result<std::vector<Gap>> open_gaps(const Ledger& ledger, const Configuration& configuration);

// Error (Integrity) while there is an open gap: nothing is signed, checkpoints included.
Result<Done> no_open_gap(const Ledger& ledger, const Configuration& configuration);

// Error (Token) when the owner's unlocked token remembers another log than this appliance's, unless people accepted that: it
// was put in by mistake, and says nothing about this ledger. Records nothing.
Result<Done> remembers_no_other_log(const Work& work, std::string_view owner);

// Compares the owner's unlocked token with the ledger. A gap is recorded (anchor.mismatch), and is the error (Integrity)
// that says what it means, unless exactly this gap was accepted.
Result<Standing> check_anchor(const Work& work, std::string_view owner);

// The same for what somebody else remembers, as a gap if it is one.
Result<Standing> check_remembered(const Work& work, const Gap& remembered);

// Compares a signed checkpoint that was kept outside with the ledger, for the case that disk and tokens were restored
// together. Records that it is the beginning of this log (checkpoint.trusted); a gap is as one of a token. Errors: Usage
// for what is no checkpoint, of another log, or not signed by the key that the log had then; Integrity.
struct Compared {
  std::uint64_t size = 0;  // entries that the checkpoint covers
  Standing standing = Standing::Equal;
};
Result<Compared> trust_checkpoint(const Work& work, std::string_view note);

// Says in the log, for ever, that a person accepts the gap (anchor.gap-accepted).
Result<Done> accept_gap(Change& change, const Gap& gap);

// Lets every unlocked token remember `checkpoint`; one that does already is left alone. Error (Token) names the first that
// did not, after all were tried.
Result<Done> anchor_tokens(const Work& work, const CheckpointRow& checkpoint);

}  // namespace sealroom
