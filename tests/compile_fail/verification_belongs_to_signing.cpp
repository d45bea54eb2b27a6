// expected: VerifiedCertificate::verify\(.*\).* is private within this context
#include "sealroom/issuance/stages.hpp"

using namespace sealroom;

// A signature from anywhere but the key that sign() was given cannot be brought in.
auto verified(const Work& work, StartedGroup group, const TokenKey& key, ByteView signature) {
#ifdef SHOULD_NOT_COMPILE
  (void)work;
  (void)key;
  return VerifiedCertificate::verify(group.certificates().front(), signature, {}, Purpose::Server, {});
#else
  (void)signature;
  return sign(work, std::move(group), key);
#endif
}
