// A sealroom.yaml without issuers' files: every reader before them is reached.
#include "sealroom/policy/configuration.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  (void)sealroom::Configuration::load({{"sealroom.yaml", std::string(reinterpret_cast<const char*>(data), size)}});
  return 0;
}
