#pragma once

#include <optional>
#include <string>
#include <vector>

#include "exported_files.hpp"
#include "sealroom/log/checkpoint.hpp"

namespace sealroom::audit {

// The checkpoint of an export, verified, and the keys that may have signed it and those before it.
struct SignedHead {
  std::string note;
  log::Checkpoint checkpoint;
  std::vector<PublicKey> keys;
};

// Reads the log's key and the checkpoint; nothing, with findings, unless the one signed the other.
std::optional<SignedHead> read_head(ExportedFiles& files, const std::string& checkpoint, const std::string& log_key,
                                    const Anchors& anchors, Complaints& complaints, Verification& verification);

// The checkpoint in `note` if one of `keys` signed it.
Result<log::Checkpoint> verify_with_any(std::string_view note, const std::vector<PublicKey>& keys);

// Compares the checkpoint that was kept from before with the export's. `known` are checkpoints whose roots were
// verified otherwise; where none has its size, the proof that was given must lead from one to the other.
void compare_since(const SignedHead& head, const std::vector<log::Checkpoint>& known, const Anchors& anchors,
                   Complaints& complaints, Verification& verification);

}  // namespace sealroom::audit
