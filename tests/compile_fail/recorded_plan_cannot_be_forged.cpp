// expected: RecordedPlan::RecordedPlan\(\).* is private within this context
#include "sealroom/issuance/stages.hpp"

auto plan(const sealroom::Ledger& ledger) {
#ifdef SHOULD_NOT_COMPILE
  (void)ledger;
  return sealroom::RecordedPlan();
#else
  return sealroom::RecordedPlan::read(ledger, "B-20260101-0001", "root", 1);
#endif
}
