// expected: ignoring returned value of type 'sealroom::Result<
#include "sealroom/ledger/ledger.hpp"

void make(const std::string& path) {
#ifdef SHOULD_NOT_COMPILE
  sealroom::Ledger::create(path);
#else
  (void)sealroom::Ledger::create(path);
#endif
}
