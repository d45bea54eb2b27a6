// expected: cannot convert 'const sealroom::KeyEntry' to 'const sealroom::TrustEntry// expected: invalid initialization of reference of type 'const sealroom::TrustEntry&'|invalid 'const sealroom::KeyEntry' to|cannot convert|no matching function'
#include "sealroom/keystore/truststore_writer.hpp"

using namespace sealroom;

auto add(TruststoreWriter& trusted, const KeyEntry& own, const TrustEntry& peer) {
#ifdef SHOULD_NOT_COMPILE
  (void)peer;
  return trusted.add(own);
#else
  (void)own;
  return trusted.add(peer);
#endif
}
