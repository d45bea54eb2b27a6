#pragma once

#include <span>
#include <vector>

#include "sealroom/base/error.hpp"
#include "sealroom/x509/certificate.hpp"

namespace sealroom {

// IssuerChain is an issuer's certificate and those above it, whose signatures are known to verify: each by the next one,
// which is a CA that may sign certificates, and the root's by itself. verify() is the only maker. With it thousands of
// certificates of one issuer are judged for the cost of one signature each. Copies share the certificates.
class IssuerChain {
 public:
  // `chain` begins with the issuer's certificate and ends with the root. Times are not looked at. Errors: Failed.
  static Result<IssuerChain> verify(std::vector<Certificate> chain);

  const Certificate& issuer() const { return certificates_.front(); }
  std::span<const Certificate> above() const { return std::span(certificates_).subspan(1); }

  // SHA-256 over the digests of the certificates in their order.
  Digest digest() const;

  // Whether verify_chain() says yes to `leaf` and this chain at every moment of leaf's validity, once the issuer's key
  // has made leaf's signature, which is not looked at: so `leaf` may be a plan. Safe to call from several threads.
  // Error (Failed) says which certificate and why.
  Result<Done> admits(const Certificate& leaf, const char* purpose) const;

 private:
  explicit IssuerChain(std::vector<Certificate> certificates) : certificates_(std::move(certificates)) {}
  std::vector<Certificate> certificates_;
};

}  // namespace sealroom
