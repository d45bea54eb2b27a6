#pragma once

#include <optional>
#include <string>
#include <vector>

#include "exported_files.hpp"
#include "sealroom/log/key_change.hpp"

namespace sealroom::audit {

// The keys of an exported log, and the lines of its entries by which one took another's place.
struct ExportedKeys {
  log::LogKeys keys;
  std::vector<std::string> changes;
};

// Reads every key of the log (`pem`, the newest first) and the changes among the lines of `lines`, which belongs to the
// export when there are several keys. Compares them with the anchors. Nothing, with findings, when they do not agree.
std::optional<ExportedKeys> read_log_keys(ExportedFiles& files, const std::string& pem, const std::string& lines,
                                          const Anchors& anchors, Complaints& complaints, Verification& verification);

}  // namespace sealroom::audit
