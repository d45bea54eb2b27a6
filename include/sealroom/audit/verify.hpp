#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sealroom/audit/files.hpp"
#include "sealroom/base/error.hpp"
#include "sealroom/crypto/public_key.hpp"
#include "sealroom/x509/certificate.hpp"
#include "sealroom/x509/finding.hpp"

namespace sealroom {

// What a verifier knows from elsewhere. Without it an export can only agree with itself.
struct Anchors {
  std::vector<Certificate> roots;   // every root of the export must be one of them
  std::vector<PublicKey> log_keys;  // EC P-256; the export's newest must be one of them, or succeed one by rotation
  std::string since;                // a signed checkpoint that was kept from before; "" for none
  std::string consistency;          // a consistency proof between it and the export's checkpoint; "" for none
};

enum class ExportKind { Batch, Log };

// What came of verifying an export (docs/audit-log.md, What is verified).
struct Verification {
  ExportKind kind = ExportKind::Batch;
  std::string name;                     // the batch, or the log's origin, in printable ASCII
  Findings findings;                    // verify.* and cert.* (docs/findings.md); none: everything agrees
  std::uint64_t findings_left_out = 0;  // beyond the first 200
  std::vector<std::string> seen;        // what was verified, a sentence each
  std::vector<std::string> warnings;    // what agrees, and somebody must judge: keys that people alone vouch for
  bool roots_anchored = false;          // roots were given, and the export has no other
  bool log_anchored = false;            // log keys were given, and the export's are these or their successors

  bool agrees() const { return findings.empty(); }
  bool anchored() const { return roots_anchored && log_anchored; }
};

// Verifies the export of a batch (it has audit/) or of the whole log (it has log.jsonl), every file of it. Pure: reads
// nothing but `files`; memory does not grow with the length of an exported log, but for 80 octets a certificate
// and the state of one digest a batch.
// Error (Failed): `files` hold neither kind.
Result<Verification> verify_export(const Files& files, const Anchors& anchors);

}  // namespace sealroom
