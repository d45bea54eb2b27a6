// expected: PlannedCertificate::PlannedCertificate\(\).* is private within this context
#include "sealroom/plan/planned_certificate.hpp"

auto planned(const sealroom::Permit& permit, const sealroom::Serial& serial) {
#ifdef SHOULD_NOT_COMPILE
  (void)permit;
  (void)serial;
  return sealroom::PlannedCertificate();
#else
  return sealroom::PlannedCertificate::build(permit, serial);
#endif
}
