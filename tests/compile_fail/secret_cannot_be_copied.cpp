// expected: use of deleted function 'sealroom::Secret::Secret\(const sealroom::Secret&\)'
#include "sealroom/base/secret.hpp"

sealroom::Secret handed_on(sealroom::Secret& pin) {
#ifdef SHOULD_NOT_COMPILE
  return pin;
#else
  return std::move(pin);
#endif
}
