// expected: cannot convert 'const sealroom::Refusal' to 'const sealroom::Permit&'
#include "sealroom/plan/planned_certificate.hpp"

using namespace sealroom;

auto planned(const Permit& permit, const Refusal& refusal, const Serial& serial) {
#ifdef SHOULD_NOT_COMPILE
  (void)permit;
  return PlannedCertificate::build(refusal, serial);
#else
  (void)refusal;
  return PlannedCertificate::build(permit, serial);
#endif
}
