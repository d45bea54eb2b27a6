#pragma once

#include <span>
#include <vector>

#include "sealroom/base/error.hpp"
#include "sealroom/x509/certificate.hpp"

namespace sealroom {

// IssuerChain is an issuer's certificate and those above it, whose signatures are known to verify: each by the next one,
// which is a CA that may sign certificates, and the root's by itself. verify() is the only maker. With it thousands of
// certificates of one issuer are verified for the cost of one signature each.
class IssuerChain {
 public:
  // `chain` begins with the issuer's certificate and ends with the root. Times are not looked at. Errors: Failed.
  static Result<IssuerChain> verify(std::vector<Certificate> chain);

  const Certificate& issuer() const { return certificates_.front(); }

  // What verify_chain() says of `leaf` and this chain, at every one of `moments`, which are one or more; only that the
  // signatures above the leaf's own are not verified again. Safe to call from several threads. Error (Failed).
  Result<Done> carries(const Certificate& leaf, std::span<const Instant> moments, const char* purpose) const;

 private:
  explicit IssuerChain(std::vector<Certificate> certificates) : certificates_(std::move(certificates)) {}
  std::vector<Certificate> certificates_;
};

}  // namespace sealroom
