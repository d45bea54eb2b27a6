// An issuers/NAME.cnf.
#include "sealroom/policy/issuer_config.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  (void)sealroom::IssuerConfig::parse("fuzz.cnf", {reinterpret_cast<const char*>(data), size});
  return 0;
}
