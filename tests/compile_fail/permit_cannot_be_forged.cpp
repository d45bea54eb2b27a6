// expected: Permit::Permit\(.*\).* is private within this context
#include "sealroom/plan/decide.hpp"

using namespace sealroom;

Decision decision(Examination examination, const Rules& rules, const Facts& facts, const Validity& validity) {
#ifdef SHOULD_NOT_COMPILE
  (void)facts;
  return Permit(std::move(examination), rules, validity);
#else
  (void)validity;
  return decide(std::move(examination), rules, facts, {});
#endif
}
