// expected: Receipt::Receipt\(.*\).* is private within this context
#include "sealroom/ledger/ledger.hpp"

sealroom::Result<sealroom::Receipt> durable(sealroom::Change change) {
#ifdef SHOULD_NOT_COMPILE
  (void)change;
  return sealroom::Receipt(1);
#else
  return std::move(change).commit();
#endif
}
