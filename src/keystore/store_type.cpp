#include "sealroom/keystore/store_type.hpp"

#include <openssl/pkcs12.h>

#include "sealroom/crypto/crypto.hpp"
#include "sealroom/crypto/owned.hpp"

namespace sealroom {

StoreType store_type(ByteView octets) {
  constexpr std::uint8_t jks[] = {0xfe, 0xed, 0xfe, 0xed};
  constexpr std::uint8_t jceks[] = {0xce, 0xce, 0xce, 0xce};
  if (octets.size() < 4) return StoreType::Unknown;
  if (equal(octets.first(4), jks)) return StoreType::Jks;
  if (equal(octets.first(4), jceks)) return StoreType::Jceks;
  const unsigned char* next = octets.data();
  const Owned<PKCS12, PKCS12_free> store(d2i_PKCS12(nullptr, &next, static_cast<long>(octets.size())));
  if (store) return StoreType::Pkcs12;
  openssl_errors();
  return StoreType::Unknown;
}

std::string_view name_of(StoreType type) {
  switch (type) {
    case StoreType::Jks: return "JKS";
    case StoreType::Jceks: return "JCEKS";
    case StoreType::Pkcs12: return "PKCS#12";
    case StoreType::Unknown: break;
  }
  return "unknown";
}

}  // namespace sealroom
