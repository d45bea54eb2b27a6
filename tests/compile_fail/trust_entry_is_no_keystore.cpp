// expected: invalid initialization of reference of type 'const sealroom::KeyEntry&'
#include "sealroom/keystore/jks.hpp"

using namespace sealroom;

auto written(const KeyEntry& own, const TrustEntry& peer, const Secret& password) {
#ifdef SHOULD_NOT_COMPILE
  (void)own;
  return write_jks(peer, password, password);
#else
  (void)peer;
  return write_jks(own, password, password);
#endif
}
