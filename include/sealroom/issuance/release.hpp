#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sealroom/base/json.hpp"
#include "sealroom/issuance/appliance.hpp"
#include "sealroom/issuance/stages.hpp"

namespace sealroom {

// A file that leaves the appliance, with its path below issued/BATCH/.
struct OutFile {
  std::string path;
  Bytes octets;
  mode_t mode = 0444;
};

// What the files of every certificate of one issuer end with.
struct IssuerFiles {
  std::vector<Bytes> certificates;  // DER, the issuer's own first
  std::string without_root;         // PEM of all but the last
  std::string whole;                // PEM of all
};

// Release is one export of a batch: everything that goes below issued/BATCH/ (docs/formats.md, Medium, out), in parts that
// are made one at a time. Certificates come from IssuedCertificate alone.
class Release {
 public:
  // Looks at the batch once, on up to `threads` threads, makes everything outside audit/ and keeps its digests.
  // Errors: Usage for an unknown batch, Integrity.
  static Result<Release> of(const Ledger& ledger, const Configuration& configuration, std::string_view batch,
                            unsigned threads);

  // Certificates of the batch that are planned or started and not issued.
  std::uint64_t missing() const { return missing_; }

  // SHA-256 over the SHA256SUMS lines of everything outside audit/.
  const Digest& content() const { return content_; }

  // Records that the batch leaves with this content, this evidence and these entries, and makes the checkpoint that
  // travels cover that entry: so no octet of an export is bound by nothing that is signed (docs/audit-log.md, Export).
  // Errors: NeedsPerson while the log key is locked, Token, Integrity.
  Result<Done> announce(const Work& work);

  // The parts, from 0; the last one holds SHA256SUMS. Each is to be made once and in order, after announce(), and is as it
  // was announced. Errors: Failed when a certificate is not what it was, Integrity.
  std::uint64_t parts() const { return 2 * requests_ + 3; }
  Result<std::vector<OutFile>> part(const Ledger& ledger, std::uint64_t index);

 private:
  Release(const Configuration& configuration, std::string_view batch) : configuration_(configuration), batch_(batch) {}
  // An issued certificate, as its log entry vouched for it when the batch was looked at.
  struct Leaving {
    Digest certificate;  // SHA-256 of its DER
    std::uint64_t entry;
    std::string stem;  // ISSUER/PROFILE/NAME
    std::shared_ptr<const IssuerFiles> above;
  };
  // What stands above the certificates of an issuer.
  struct Above {
    Bytes issuer;  // its subject, a DER Name
    std::shared_ptr<const IssuerFiles> files;
  };
  // What audit/plan/ holds of an issuer's requests.
  struct PlanLines {
    std::string requests;
    std::string leaves;
  };

  struct Stored;
  struct Looked;

  Result<Done> look(const Ledger& ledger, unsigned threads);
  Result<Done> look_at_requests(const Ledger& ledger, std::string_view ignored, unsigned threads);
  Result<Stored> read(const Ledger& ledger, std::uint64_t position);
  static Result<Looked> look_at(Stored stored);
  Json add(Looked looked);
  Result<std::shared_ptr<const IssuerFiles>> above_of(const Ledger& ledger, const CertificateRow& row);
  Result<std::vector<OutFile>> make(const Ledger& ledger, std::uint64_t index);
  std::vector<OutFile> overview(const Ledger& ledger, const Json& report) const;
  Result<std::vector<OutFile>> certificate(const Ledger& ledger, std::uint64_t request);
  Result<std::vector<OutFile>> evidence(const Ledger& ledger);
  Result<std::vector<OutFile>> audit(const Ledger& ledger);
  Result<std::vector<OutFile>> proof(const Ledger& ledger, std::uint64_t request);
  Result<Done> read_entries(const Ledger& ledger, std::uint64_t from, std::uint64_t size);
  std::vector<OutFile> sums() const;
  void note(const std::vector<OutFile>& files);

  const Configuration& configuration_;
  std::string batch_;
  std::uint64_t requests_ = 0;
  std::uint64_t missing_ = 0;
  Digest content_{};
  Digest evidence_{};
  std::string note_;                             // the checkpoint that travels
  std::uint64_t size_ = 0;                       // and its size
  std::uint64_t entry_ = 0;                      // seq of the export's own entry
  std::optional<CheckpointRow> previous_;        // that of the export before
  std::map<std::string, Digest> sums_;           // of every file that was made
  std::vector<std::optional<Leaving>> leaving_;  // by request
  std::map<std::string, PlanLines> lines_;       // issuer →
  std::map<std::string, Above> above_;           // issuer →
  std::vector<OutFile> overview_;                // made to be digested, kept to be sent
  std::vector<OutFile> evidence_files_;
  std::string entries_;                                         // this batch's lines, as far as they were read
  std::uint64_t entries_read_ = 0;                              // how many entries of the log that is
  std::map<std::pair<unsigned, std::uint64_t>, Digest> nodes_;  // of the log's tree, which neighbouring entries share
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
