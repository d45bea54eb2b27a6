// expected: invalid initialization of reference of type 'const sealroom::SignedGroup&' from expression of type 'const sealroom::StartedGroup'
#include "sealroom/issuance/stages.hpp"

using namespace sealroom;

auto issued(const Work& work, const StartedGroup& started, const SignedGroup& made) {
#ifdef SHOULD_NOT_COMPILE
  (void)made;
  return record_outcome(work, started);
#else
  (void)started;
  return record_outcome(work, made);
#endif
}
