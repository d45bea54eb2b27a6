// expected: OwnPlans::remember\(.*\).* is private within this context
#include "sealroom/issuance/own_plans.hpp"

using namespace sealroom;

// What this process did not judge must be judged again before it is signed.
bool is_own(OwnPlans& plans, const Digest& plan, const IssuerChain& chain) {
#ifdef SHOULD_NOT_COMPILE
  plans.remember(plan, chain.digest());
#endif
  return plans.made(plan, chain);
}
