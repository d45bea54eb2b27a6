// expected: SignedGroup::SignedGroup\(\).* is private within this context
#include "sealroom/issuance/signing_crew.hpp"

using namespace sealroom;

SignedGroup made(SigningCrew& crew) {
#ifdef SHOULD_NOT_COMPILE
  (void)crew;
  return SignedGroup();
#else
  return crew.finish();
#endif
}
