#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "sealroom/issuance/appliance.hpp"

// Copies of the ledger that leave, and what the log says of them.
namespace sealroom {

// What the entries about complete backups belong to.
inline constexpr std::string_view kBackupTag = "backup";

// Whether `name` is the name of a backup: the time of its making, "20261122T033100Z".
bool is_backup_name(std::string_view name);

// Records that a copy of the ledger leaves (backup.made), covers that by a checkpoint where the log key is unlocked, and
// copies the ledger to the new file `path`. So the copy's newest entry says which backup it is, and of which log; the copy
// was verified, whole. Errors: Usage for a name that is none, Failed when the copy cannot be made, Integrity.
Result<Done> make_backup(const Work& work, const std::string& name, const std::string& path);

// Records that the backup is complete on a medium and was read back (backup.written): the digest of its ledger.db.
Result<Done> backup_is_written(const Work& work, const std::string& name, const Digest& ledger);

// The newest backup that is complete on a medium; nothing when there never was one. Errors: Integrity.
struct LastBackup {
  std::string name;
  Instant time;
};
Result<std::optional<LastBackup>> last_backup(const Ledger& ledger);

// From which backup this ledger was restored, the last time; nothing when it never was. Errors: Integrity.
struct LastRestore {
  std::string backup;
  Instant time;
  std::uint64_t size = 0;      // entries of the log when the backup was made
  std::uint64_t log_size = 0;  // and with what came back from an export of the log
};
Result<std::optional<LastRestore>> last_restore(const Ledger& ledger);

}  // namespace sealroom
