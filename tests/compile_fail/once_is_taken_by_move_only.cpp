// expected: passing 'sealroom::Once<int>' as 'this' argument discards qualifiers
#include "sealroom/base/once.hpp"

int taken(sealroom::Once<int> once) {
#ifdef SHOULD_NOT_COMPILE
  return once.take();
#else
  return std::move(once).take();
#endif
}
