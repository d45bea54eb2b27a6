// Proofs, as an outsider hands them in: what is accepted is written again as the same octets, and can be verified.
#include <cstdlib>

#include "sealroom/log/merkle.hpp"
#include "sealroom/log/proof.hpp"

using namespace sealroom;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto proof = log::parse_inclusion_proof(text)) {
    if (log::inclusion_proof_text(proof->index, proof->hashes, proof->note) != text) std::abort();
    (void)log::verify_inclusion(Digest{}, proof->index, proof->index + 1, proof->hashes, Digest{});
  }
  if (const auto proof = log::parse_consistency_proof(text)) {
    if (log::consistency_proof_text(proof->from, proof->to, proof->hashes) != text) std::abort();
    (void)log::verify_consistency(proof->from, Digest{}, proof->to, Digest{}, proof->hashes);
  }
  return 0;
}
