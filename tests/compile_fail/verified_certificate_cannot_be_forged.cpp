// expected: VerifiedCertificate::VerifiedCertificate\(.*\).* is private within this context
#include "sealroom/issuance/stages.hpp"

using namespace sealroom;

VerifiedCertificate verified(const SignedGroup& made, const Certificate& certificate, const CertificateRow& row) {
#ifdef SHOULD_NOT_COMPILE
  (void)made;
  return VerifiedCertificate(certificate, row);
#else
  (void)certificate;
  (void)row;
  return made.verified().front();
#endif
}
