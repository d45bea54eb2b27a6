// expected: PlannedCertificate::PlannedCertificate\(.*\).* is private within this context
#include "sealroom/plan/planned_certificate.hpp"

auto planned(const sealroom::Permit& permit, const sealroom::Serial& serial, const sealroom::Certificate& certificate) {
#ifdef SHOULD_NOT_COMPILE
  (void)permit;
  (void)serial;
  return sealroom::PlannedCertificate(certificate);
#else
  (void)certificate;
  return sealroom::PlannedCertificate::build(permit, serial);
#endif
}
