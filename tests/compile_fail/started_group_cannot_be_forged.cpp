// expected: StartedGroup::StartedGroup\(.*\).* is private within this context
#include "sealroom/issuance/stages.hpp"

using namespace sealroom;

auto group(const Work& work, const RecordedPlan& plan, ProfilesInForce& profiles) {
#ifdef SHOULD_NOT_COMPILE
  (void)work;
  (void)profiles;
  return StartedGroup(std::vector<StartedCertificate>(), 0, plan.certificates().size());
#else
  return StartedGroup::start(work, plan, profiles, 0);
#endif
}
