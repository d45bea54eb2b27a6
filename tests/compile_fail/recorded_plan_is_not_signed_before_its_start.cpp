// expected: RecordedPlan'. to 'sealroom::StartedGroup'
#include "sealroom/issuance/signing_crew.hpp"

using namespace sealroom;

void made(SigningCrew& crew, RecordedPlan plan, StartedGroup group, const TokenKey& key) {
#ifdef SHOULD_NOT_COMPILE
  (void)group;
  crew.begin(std::move(plan), key);
#else
  (void)plan;
  crew.begin(std::move(group), key);
#endif
}
