#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sealroom/base/bytes.hpp"
#include "sealroom/base/file.hpp"

namespace sealroom::daemon {

// A file of a backup on its way out: the ledger's copy as a file that has lost its name, everything else in memory.
struct BackupFile {
  std::string path;  // in the backup
  std::uint64_t size = 0;
  std::string text;
  Fd copy;
};

// A backup that a connection is writing to a medium.
struct LeavingBackup {
  std::string name;
  Digest ledger{};  // of the copy of the ledger
  std::vector<BackupFile> files;
};

}  // namespace sealroom::daemon
