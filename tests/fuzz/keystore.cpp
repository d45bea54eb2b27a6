// A JKS file of any origin.
#include "sealroom/keystore/jks.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto store = sealroom::read_jks({data, size}, sealroom::Secret());
  if (!store) return 0;
  auto password = sealroom::Secret::copy_of(sealroom::as_bytes("password"));
  if (!password) return 0;
  for (const auto& entry : store->entries) (void)sealroom::open_jks_key(entry.protected_key, *password);
  return 0;
}
