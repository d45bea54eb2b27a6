#include "public_values.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <openssl/core_names.h>
#include <openssl/param_build.h>

#include "sealroom/crypto/crypto.hpp"
#include "sealroom/crypto/owned.hpp"

namespace sealroom {
namespace {

using OwnedOctets = Owned<ASN1_OCTET_STRING, ASN1_OCTET_STRING_free>;

Result<PublicKey> assembled(const char* type, OSSL_PARAM* parameters) {
  const OwnedPkeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* raw = nullptr;
  const bool made = context && EVP_PKEY_fromdata_init(context.get()) == 1 &&
                    EVP_PKEY_fromdata(context.get(), &raw, EVP_PKEY_PUBLIC_KEY, parameters) == 1;
  const OwnedPkey key(raw);
  if (!made) return fail(ErrorKind::Token, fmt::format("its public key cannot be read: {}", openssl_errors()));
  return PublicKey::of(key.get());
}

// OSSL_PARAM holds unsigned integers in the machine's order, which is the reverse of the token's.
Bytes reversed(ByteView octets) { return {octets.rbegin(), octets.rend()}; }

Bytes without_octet_string(ByteView point) {
  const unsigned char* next = point.data();
  const OwnedOctets inner(d2i_ASN1_OCTET_STRING(nullptr, &next, static_cast<long>(point.size())));
  if (!inner || next != point.data() + point.size()) {
    openssl_errors();
    return copy(point);
  }
  const auto* octets = ASN1_STRING_get0_data(inner.get());
  return {octets, octets + ASN1_STRING_length(inner.get())};
}

}  // namespace

Result<PublicKey> rsa_public_key(ByteView modulus, ByteView exponent) {
  static_assert(std::endian::native == std::endian::little);
  auto n = reversed(modulus);
  auto e = reversed(exponent);
  OSSL_PARAM parameters[] = {OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_RSA_N, n.data(), n.size()),
                             OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_RSA_E, e.data(), e.size()),
                             OSSL_PARAM_construct_end()};
  return assembled("RSA", parameters);
}

Result<PublicKey> ec_public_key(ByteView parameters_der, ByteView point) {
  const unsigned char* next = parameters_der.data();
  const OwnedObject curve(d2i_ASN1_OBJECT(nullptr, &next, static_cast<long>(parameters_der.size())));
  const int nid = curve && next == parameters_der.data() + parameters_der.size() ? OBJ_obj2nid(curve.get()) : NID_undef;
  if (nid == NID_undef) {
    openssl_errors();
    return fail(ErrorKind::Token, fmt::format("its curve is not a known one: {}", to_hex(parameters_der)));
  }
  std::string name = OBJ_nid2sn(nid);
  auto octets = without_octet_string(point);
  OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, name.data(), 0),
                             OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, octets.data(), octets.size()),
                             OSSL_PARAM_construct_end()};
  return assembled("EC", parameters);
}

}  // namespace sealroom
