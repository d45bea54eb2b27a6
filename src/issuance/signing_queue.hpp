#pragma once

#include <vector>

#include "sealroom/issuance/issue.hpp"

namespace sealroom {

// SigningQueue is the recorded plans of a batch that can be signed now, each with the key that signs it.
class SigningQueue {
 public:
  struct Ready {
    RecordedPlan plan;
    const TokenKey* key;
  };

  // Errors: NeedsPerson while a started group is open or the log key is locked; Usage for an unknown batch.
  static Result<SigningQueue> open(const Work& work, std::string_view batch, std::string_view issuer);

  const std::vector<Ready>& plans() const { return ready_; }
  void count(const StartedGroup& started);
  void count(const std::vector<IssuedCertificate>& issued);

  // The token failed: what was signed until then is issued, and is said so.
  std::unexpected<Error> stopped_by(const Error& failure) const;

  Result<SignedBatch> close() &&;

 private:
  explicit SigningQueue(const Work& work) : work_(work) {}
  const Work& work_;
  std::vector<Ready> ready_;
  SignedBatch result_;
  std::uint64_t total_ = 0;
};

}  // namespace sealroom
