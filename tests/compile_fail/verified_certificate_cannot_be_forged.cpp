// expected: VerifiedCertificate::VerifiedCertificate\(.*\).* is private within this context
#include "sealroom/issuance/stages.hpp"

using namespace sealroom;

VerifiedCertificate verified(const SignedGroup& made, const Bytes& der, const CertificateRow& row) {
#ifdef SHOULD_NOT_COMPILE
  (void)made;
  return VerifiedCertificate(der, row);
#else
  (void)der;
  (void)row;
  return made.verified().front();
#endif
}
