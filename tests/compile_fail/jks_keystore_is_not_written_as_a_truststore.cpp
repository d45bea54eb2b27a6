// expected: no matching function for call to 'write_jks\(
#include "sealroom/keystore/jks.hpp"

using namespace sealroom;

auto written(const JksKeystore& own, const Secret& store_password, const Secret& entry_password) {
#ifdef SHOULD_NOT_COMPILE
  (void)entry_password;
  return write_jks(own, store_password);
#else
  return write_jks(own, store_password, entry_password);
#endif
}
