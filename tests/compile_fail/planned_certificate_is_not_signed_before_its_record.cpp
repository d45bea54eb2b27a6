// expected: no matching function for call to 'sign\(
#include "sealroom/issuance/issue.hpp"
#include "sealroom/plan/planned_certificate.hpp"

using namespace sealroom;

auto made(const Work& work, PlannedCertificate planned, StartedGroup group, const TokenKey& key) {
#ifdef SHOULD_NOT_COMPILE
  (void)group;
  return sign(work, std::move(planned), key);
#else
  (void)planned;
  return sign(work, std::move(group), key);
#endif
}
