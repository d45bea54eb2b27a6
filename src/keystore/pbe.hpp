#pragma once

#include "sealroom/base/error.hpp"
#include "sealroom/base/secret.hpp"
#include "sealroom/crypto/owned.hpp"

namespace sealroom {

// IterationBudget bounds what one store can make us compute: its author chooses the rounds of password hashing.
class IterationBudget {
 public:
  explicit IterationBudget(long left) : left_(left) {}

  // Error (Failed): not a count, or more than is left.
  Result<Done> spend(const ASN1_INTEGER* iterations);

  long least() const { return least_; }  // of those spent; 0 when there was none

 private:
  long left_;
  long least_ = 0;
};

// What password-based encryption (RFC 8018 PBES2 with PBKDF2, or RFC 7292 appendix C) under `algorithm` covers. Errors
// (Failed): an algorithm that is not known, too many iterations, wrong password or damaged.
Result<Secret> decrypt(const X509_ALGOR* algorithm, ByteView covered, const Secret& password, IterationBudget& budget);

}  // namespace sealroom
