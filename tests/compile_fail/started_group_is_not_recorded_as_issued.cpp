// expected: cannot convert 'const sealroom::StartedGroup' to 'const sealroom::SignedGroup&'
#include "sealroom/issuance/stages.hpp"

using namespace sealroom;

auto issued(const Work& work, const StartedGroup& started, const SignedGroup& made) {
#ifdef SHOULD_NOT_COMPILE
  (void)made;
  return IssuedCertificate::record(work, started);
#else
  (void)started;
  return IssuedCertificate::record(work, made);
#endif
}
