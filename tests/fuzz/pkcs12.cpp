// A PKCS#12 file of any origin, with a password and without. Few iterations: time is for octets.
#include "sealroom/keystore/store.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (sealroom::store_type({data, size}) != sealroom::StoreType::Pkcs12) return 0;
  auto password = sealroom::Secret::copy_of(sealroom::as_bytes("password"));
  if (!password) return 0;
  (void)sealroom::read_store({data, size}, *password, 10);
  auto store = sealroom::read_store({data, size}, sealroom::Secret(), 10);
  if (!store) return 0;
  for (const auto& entry : store->entries) (void)sealroom::open_key(entry.protected_key, *password, 10);
  return 0;
}
