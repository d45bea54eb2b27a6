#include <cstdlib>

#include "sealroom/crypto/crypto.hpp"
#include "sealroom/x509/certificate.hpp"

namespace sealroom {

// RFC 2315 section 9.1: SignedData without content and signers, which carries certificates and nothing else.
Bytes to_pkcs7(const std::vector<Certificate>& chain) {
  const OwnedPkcs7 bag(PKCS7_new());
  if (!bag || PKCS7_set_type(bag.get(), NID_pkcs7_signed) != 1) std::abort();
  bag->d.sign->contents->type = OBJ_nid2obj(NID_pkcs7_data);
  for (const auto& certificate : chain) {
    if (PKCS7_add_certificate(bag.get(), certificate.get()) != 1) std::abort();
  }
  return der_of(bag.get(), i2d_PKCS7);
}

}  // namespace sealroom
