#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sealroom/issuance/appliance.hpp"
#include "sealroom/issuance/stages.hpp"

namespace sealroom {

// A file that leaves the appliance, with its path below issued/BATCH/.
struct OutFile {
  std::string path;
  Bytes octets;
  mode_t mode = 0444;
};

// Release is one export of a batch: everything that goes below issued/BATCH/ (docs/formats.md, Medium, out), in parts that
// are made one at a time. Certificates come from IssuedCertificate alone.
class Release {
 public:
  // Looks at the batch and digests everything outside audit/. Errors: Usage for an unknown batch, Integrity.
  static Result<Release> of(const Ledger& ledger, const Configuration& configuration, std::string_view batch);

  // Certificates of the batch that are planned or started and not issued.
  std::uint64_t missing() const { return missing_; }

  // SHA-256 over the SHA256SUMS lines of everything outside audit/.
  const Digest& content() const { return content_; }

  // Records that the batch leaves with this content, this evidence and these entries, and makes the checkpoint that
  // travels cover that entry: so no octet of an export is bound by nothing that is signed (docs/audit-log.md, Export).
  // Errors: NeedsPerson while the log key is locked, Token, Integrity.
  Result<Done> announce(const Work& work);

  // The parts, from 0; the last one holds SHA256SUMS. Each is to be made once and in order, after announce().
  std::uint64_t parts() const { return 2 * requests_ + 3; }
  Result<std::vector<OutFile>> part(const Ledger& ledger, std::uint64_t index);

 private:
  Release(const Configuration& configuration, std::string_view batch) : configuration_(configuration), batch_(batch) {}
  Result<std::vector<OutFile>> make(const Ledger& ledger, std::uint64_t index);
  Result<std::vector<OutFile>> overview(const Ledger& ledger) const;
  Result<std::vector<OutFile>> certificate(const Ledger& ledger, std::uint64_t request);
  Result<std::vector<OutFile>> evidence(const Ledger& ledger) const;
  Result<std::vector<OutFile>> audit(const Ledger& ledger) const;
  Result<std::vector<OutFile>> proof(const Ledger& ledger, std::uint64_t request) const;
  std::vector<OutFile> sums() const;

  const Configuration& configuration_;
  std::string batch_;
  std::uint64_t requests_ = 0;
  std::uint64_t missing_ = 0;
  Digest content_{};
  Digest evidence_{};
  std::string note_;                       // the checkpoint that travels
  std::uint64_t size_ = 0;                 // and its size
  std::uint64_t entry_ = 0;                // seq of the export's own entry
  std::optional<CheckpointRow> previous_;  // that of the export before
  std::map<std::string, Digest> sums_;
  std::map<std::string, std::vector<Certificate>> chains_;  // above the certificates of each issuer, parsed once
};

// What leaves beside the lines when the whole log does.
struct LogExport {
  std::uint64_t size = 0;
  std::string checkpoint;                     // the newest, which covers `size` entries
  std::string log_key;                        // PEM
  std::map<std::string, std::string> chains;  // PEM of each issuer that has one: its own certificate first, root last
};
Result<LogExport> log_export(const Ledger& ledger);

}  // namespace sealroom
