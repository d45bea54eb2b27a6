// expected: VerifiedCertificate::verify\(.*\).* is private within this context
#include "sealroom/issuance/signing_crew.hpp"

using namespace sealroom;

// A signature from anywhere but the key that the crew was given cannot be brought in.
void verified(SigningCrew& crew, StartedGroup group, const TokenKey& key, ByteView signature) {
#ifdef SHOULD_NOT_COMPILE
  (void)crew;
  (void)key;
  (void)VerifiedCertificate::verify(group.certificates().front(), signature);
#else
  (void)signature;
  crew.begin(std::move(group), key);
#endif
}
