#pragma once

#include <vector>

#include "packing.hpp"

namespace sealroom::pack {

// TrustFiles are the certificates that shall be trusted, each read from its file when it is asked for.
class TrustFiles final : public TrustCandidates {
 public:
  explicit TrustFiles(const std::vector<TrustFile>& files) : files_(files), seen_(files.size()) {}

  std::size_t size() const override { return files_.size(); }

  // Errors: not readable, not one certificate, or another one than the first time.
  Result<TrustCandidate> at(std::size_t index) override;

  // The DER of what at() gave. Errors: as at().
  Result<Bytes> octets(std::size_t index) const;

  const Digest& digest(std::size_t index) const { return seen_[index]; }  // SHA-256 of what at() gave

 private:
  const std::vector<TrustFile>& files_;
  std::vector<Digest> seen_;  // zero: not yet
};

}  // namespace sealroom::pack
