#pragma once

#include "sealroom/plan/planned_certificate.hpp"
#include "sealroom/x509/issuer_chain.hpp"

namespace sealroom {

// AdmittedCertificate is a PlannedCertificate whose chain builds: nothing is missing to a certificate that OpenSSL
// verifies for its purpose, at every moment of its validity, but the issuer's signature. admit() is the only maker.
class AdmittedCertificate {
 public:
  // `above` is the issuer's chain, and null for an issuer's own certificate, which nothing is above.
  // Errors: Failed, naming the certificate of the chain and what is wrong.
  static Result<AdmittedCertificate> admit(PlannedCertificate planned, const IssuerChain* above);

  const PlannedCertificate& planned() const { return planned_; }

 private:
  explicit AdmittedCertificate(PlannedCertificate planned) : planned_(std::move(planned)) {}
  PlannedCertificate planned_;
};

// The name of `purpose` for IssuerChain::admits() and verify_chain().
const char* verify_purpose(Purpose purpose);

}  // namespace sealroom
