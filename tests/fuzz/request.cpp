// A request as it comes from a medium: whatever the octets, parsing and verifying end without a crash, and what is
// accepted is what openssl would sign: the same octets again.
#include <cstdlib>

#include "sealroom/x509/request.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto parsed = sealroom::ParsedRequest::parse({data, size}, {});
  if (!parsed) {
    if (parsed.error().empty()) std::abort();  // a refusal without a reason
    return 0;
  }
  auto again = sealroom::ParsedRequest::parse(parsed->der(), {});
  if (!again || again->der() != parsed->der()) std::abort();
  (void)sealroom::VerifiedCsr::verify(std::move(*parsed));
  return 0;
}
