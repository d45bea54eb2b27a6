// expected: use of deleted function 'sealroom::StartedGroup::StartedGroup\(const sealroom::StartedGroup&\)'
#include "sealroom/issuance/issue.hpp"

using namespace sealroom;

auto made(const Work& work, StartedGroup group, const TokenKey& key) {
#ifdef SHOULD_NOT_COMPILE
  return sign(work, group, key);
#else
  return sign(work, std::move(group), key);
#endif
}
