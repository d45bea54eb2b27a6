// expected: PlannedCertificate'. to 'sealroom::StartedGroup'
#include "sealroom/issuance/signing_crew.hpp"
#include "sealroom/plan/planned_certificate.hpp"

using namespace sealroom;

void made(SigningCrew& crew, PlannedCertificate planned, StartedGroup group, const TokenKey& key) {
#ifdef SHOULD_NOT_COMPILE
  (void)group;
  crew.begin(std::move(planned), key);
#else
  (void)planned;
  crew.begin(std::move(group), key);
#endif
}
