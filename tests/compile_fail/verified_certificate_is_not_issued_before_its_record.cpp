// expected: could not convert 'verified' from 'sealroom::VerifiedCertificate' to 'sealroom::Result<.*IssuedCertificate
#include "sealroom/issuance/stages.hpp"

using namespace sealroom;

Result<std::vector<IssuedCertificate>> issued(const Work& work, const SignedGroup& made, VerifiedCertificate verified) {
#ifdef SHOULD_NOT_COMPILE
  (void)work;
  (void)made;
  return verified;
#else
  (void)verified;
  return IssuedCertificate::record(work, made);
#endif
}
