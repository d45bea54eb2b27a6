// expected: use of deleted function 'sealroom::StartedGroup::StartedGroup\(const sealroom::StartedGroup&\)'
#include "sealroom/issuance/signing_crew.hpp"

using namespace sealroom;

void made(SigningCrew& crew, StartedGroup group, const TokenKey& key) {
#ifdef SHOULD_NOT_COMPILE
  crew.begin(group, key);
#else
  crew.begin(std::move(group), key);
#endif
}
