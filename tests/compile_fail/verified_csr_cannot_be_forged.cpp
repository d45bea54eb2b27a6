// expected: VerifiedCsr::VerifiedCsr\(sealroom::ParsedRequest\).* is private within this context
#include "sealroom/x509/request.hpp"

auto proof_of_possession(sealroom::ParsedRequest request) {
#ifdef SHOULD_NOT_COMPILE
  return sealroom::VerifiedCsr(std::move(request));
#else
  return sealroom::VerifiedCsr::verify(std::move(request));
#endif
}
