// expected: passing 'sealroom::Change' as 'this' argument discards qualifiers
#include "sealroom/ledger/ledger.hpp"

auto durable(sealroom::Change change) {
#ifdef SHOULD_NOT_COMPILE
  return change.commit();
#else
  return std::move(change).commit();
#endif
}
