// expected: could not convert 'verified' from 'sealroom::VerifiedCertificate' to 'sealroom::Result<sealroom::IssuedCertificate>
#include "sealroom/issuance/stages.hpp"

using namespace sealroom;

Result<IssuedCertificate> issued(const Ledger& ledger, VerifiedCertificate verified) {
#ifdef SHOULD_NOT_COMPILE
  (void)ledger;
  return verified;
#else
  return IssuedCertificate::read(ledger, verified.row());
#endif
}
