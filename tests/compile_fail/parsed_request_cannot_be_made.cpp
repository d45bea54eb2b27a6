// expected: ParsedRequest::ParsedRequest\(\).* is private within this context
#include "sealroom/x509/request.hpp"

auto request(sealroom::ByteView octets) {
#ifdef SHOULD_NOT_COMPILE
  (void)octets;
  return sealroom::ParsedRequest();
#else
  return sealroom::ParsedRequest::parse(octets, {});
#endif
}
