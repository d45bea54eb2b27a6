#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sealroom/base/bytes.hpp"
#include "sealroom/base/error.hpp"

// Proofs as they travel (docs/audit-log.md, Proofs).
namespace sealroom::log {

// That entry `index` is in the log of the checkpoint `note`.
struct InclusionProof {
  std::uint64_t index = 0;
  std::vector<Digest> hashes;  // from the leaf up (RFC 6962 section 2.1.1)
  std::string note;            // the signed checkpoint, whole; not verified
};

// That the log of `from` entries is a prefix of the one of `to`.
struct ConsistencyProof {
  std::uint64_t from = 0;
  std::uint64_t to = 0;
  std::vector<Digest> hashes;  // RFC 6962 section 2.1.2
};

// C2SP tlog-proof: "c2sp.org/tlog-proof@v1", "index N", proof hashes in base64 one a line, blank line, checkpoint.
std::string inclusion_proof_text(std::uint64_t index, const std::vector<Digest>& proof, std::string_view note);

// "sealroom-consistency-proof/1", "from M", "to N", hashes in base64 one a line.
std::string consistency_proof_text(std::uint64_t from, std::uint64_t to, const std::vector<Digest>& proof);

// Read exactly what the two functions above write, with at most 63 hashes (126 for consistency): one text for one
// proof. They say nothing about what it proves: see verify_inclusion and verify_consistency. Errors: Integrity.
Result<InclusionProof> parse_inclusion_proof(std::string_view text);
Result<ConsistencyProof> parse_consistency_proof(std::string_view text);

}  // namespace sealroom::log
