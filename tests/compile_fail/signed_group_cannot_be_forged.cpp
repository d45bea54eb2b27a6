// expected: SignedGroup::SignedGroup\(\).* is private within this context
#include "sealroom/issuance/stages.hpp"

using namespace sealroom;

Result<SignedGroup> made(const Work& work, StartedGroup group, const TokenKey& key) {
#ifdef SHOULD_NOT_COMPILE
  (void)work;
  (void)group;
  (void)key;
  return SignedGroup();
#else
  return sign(work, std::move(group), key);
#endif
}
