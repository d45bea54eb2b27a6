// expected: IssuerChain::IssuerChain\(.*\).* is private within this context
#include "sealroom/x509/issuer_chain.hpp"

using namespace sealroom;

Result<IssuerChain> chain(std::vector<Certificate> certificates) {
#ifdef SHOULD_NOT_COMPILE
  return IssuerChain(std::move(certificates));
#else
  return IssuerChain::verify(std::move(certificates));
#endif
}
