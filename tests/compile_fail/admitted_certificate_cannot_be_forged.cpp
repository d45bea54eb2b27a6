// expected: AdmittedCertificate::AdmittedCertificate\(.*\).* is private within this context
#include "sealroom/plan/admitted_certificate.hpp"

using namespace sealroom;

// A plan whose chain nobody has built is no certificate yet.
Result<AdmittedCertificate> admitted(PlannedCertificate planned, const IssuerChain& above) {
#ifdef SHOULD_NOT_COMPILE
  (void)above;
  return AdmittedCertificate(std::move(planned));
#else
  return AdmittedCertificate::admit(std::move(planned), &above);
#endif
}
