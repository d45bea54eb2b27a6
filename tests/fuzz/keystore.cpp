// A JKS file of any origin.
#include "sealroom/keystore/jks.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  sealroom::MemorySource source({data, size});
  auto reader = sealroom::JksReader::open(source, sealroom::Secret());
  if (!reader) return 0;
  auto password = sealroom::Secret::copy_of(sealroom::as_bytes("password"));
  if (!password) return 0;
  for (auto entry = reader->next(); entry && *entry; entry = reader->next()) {
    (void)sealroom::open_key((*entry)->protected_key, *password, 10);
  }
  return 0;
}
