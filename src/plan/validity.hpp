#pragma once

#include "sealroom/plan/decide.hpp"

namespace sealroom {

// validity.* and issuer.validity: the validity that the certificate gets, by the arithmetic of `openssl ca`
// (notAfter = notBefore + days * 86,400 seconds). What it returns counts only if it refused nothing.
Validity decide_validity(const Rules& rules, Instant now, const Wish& wish, Examination& examination);

}  // namespace sealroom
