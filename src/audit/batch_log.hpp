#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "exported_files.hpp"
#include "sealroom/log/entry.hpp"
#include "signed_head.hpp"

namespace sealroom::audit {

// One entry of the log as it was exported, and its leaf in the tree.
struct LoggedEntry {
  log::Entry entry;
  Digest leaf{};
};

// A certificate is told by its issuer's name and its serial in upper-case hexadecimal.
using CertificateId = std::pair<std::string, std::string>;

// What the log says of one certificate: places in BatchLog::entries.
struct Trail {
  std::optional<std::size_t> planned;
  std::optional<std::size_t> started;
  std::optional<std::size_t> issued;
  std::string state;  // as the report names it
};

// The entries of one batch.
struct BatchLog {
  std::vector<LoggedEntry> entries;
  std::map<CertificateId, Trail> trails;
  Digest digest_before_export{};  // over the lines before the last one, each with its line feed

  // The entry that tells of the export itself: the last one. Nothing when there is none.
  const log::Entry* exported() const;
  const log::Entry& at(std::size_t place) const { return entries[place].entry; }
};

// Checks a single entry: canonical, known event, time not before `previous_time`. Nothing, with a finding, when it
// cannot be read.
std::optional<log::Entry> read_entry(std::string_view line, const std::string& where, Instant& previous_time,
                                     Complaints& complaints);

// Reads audit/entries.jsonl: order, links between neighbours, and the way of each certificate through its states.
BatchLog read_batch_log(ExportedFiles& files, Complaints& complaints);

// Follows `proof` (a path) to the checkpoint. Finding unless it leads from entry `seq` with the hash `leaf` to the head's
// root.
void check_inclusion(ExportedFiles& files, const std::string& proof, std::uint64_t seq, const Digest& leaf,
                     const std::optional<SignedHead>& head, Complaints& complaints);

}  // namespace sealroom::audit
