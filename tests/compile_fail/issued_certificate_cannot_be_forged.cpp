// expected: IssuedCertificate::IssuedCertificate\(.*\).* is private within this context
#include "sealroom/issuance/stages.hpp"

using namespace sealroom;

Result<IssuedCertificate> issued(const Ledger& ledger, const Certificate& certificate, const CertificateRow& row) {
#ifdef SHOULD_NOT_COMPILE
  (void)ledger;
  return IssuedCertificate(certificate, row);
#else
  (void)certificate;
  return IssuedCertificate::read(ledger, row);
#endif
}
