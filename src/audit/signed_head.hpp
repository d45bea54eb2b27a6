#pragma once

#include <optional>
#include <string>
#include <vector>

#include "exported_files.hpp"
#include "sealroom/log/key_change.hpp"

namespace sealroom::audit {

// The checkpoint of an export, verified, and the keys that signed it and those before it.
struct SignedHead {
  std::string note;
  log::Checkpoint checkpoint;
  log::LogKeys keys;
};

// Reads the checkpoint; nothing, with findings, unless the key then in force signed it, which must be the newest.
std::optional<SignedHead> read_head(ExportedFiles& files, const std::string& checkpoint, const log::LogKeys& keys,
                                    Complaints& complaints, Verification& verification);

// The checkpoint that was kept from before, signed by the key then in force. One that is newer than the export may be
// signed by a key that the export does not know, if it was given.
Result<log::Checkpoint> verify_kept(const SignedHead& head, const Anchors& anchors);

// Compares the checkpoint that was kept with the export's. `known` are checkpoints whose roots were
// verified otherwise; where none has its size, the proof that was given must lead from one to the other. To the export
// of a batch it may be the newer one; a whole log must reach as far.
void compare_since(const SignedHead& head, const std::vector<log::Checkpoint>& known, const Anchors& anchors,
                   Complaints& complaints, Verification& verification);

}  // namespace sealroom::audit
