// expected: no matching function for call to 'sign\(
#include "sealroom/issuance/issue.hpp"

using namespace sealroom;

auto made(const Work& work, RecordedPlan plan, StartedGroup group, const TokenKey& key) {
#ifdef SHOULD_NOT_COMPILE
  (void)group;
  return sign(work, std::move(plan), key);
#else
  (void)plan;
  return sign(work, std::move(group), key);
#endif
}
