#include <catch2/catch.hpp>

#include <openssl/pkcs12.h>

#include "store_samples.hpp"
#include "sealroom/keystore/store_type.hpp"
#include "support/openssl_certificates.hpp"

using namespace sealroom;
using namespace sealroom::testing;

TEST_CASE("a store is known by its octets") {
  const TestAuthority authority;
  const Owned<PKCS12, PKCS12_free> pkcs12(PKCS12_create("password", "root", nullptr, authority.root().get(), nullptr,
                                                        NID_aes_256_cbc, NID_aes_256_cbc, 1, 1, 0));
  REQUIRE(pkcs12);
  CHECK(store_type(written(sample_trust())) == StoreType::Jks);
  CHECK(store_type(Bytes{0xce, 0xce, 0xce, 0xce, 0}) == StoreType::Jceks);
  CHECK(store_type(der_of(pkcs12.get(), i2d_PKCS12)) == StoreType::Pkcs12);
  CHECK(store_type(der_of_certificate(authority.root())) == StoreType::Unknown);
  CHECK(store_type({}) == StoreType::Unknown);
  CHECK(store_type(as_bytes("text")) == StoreType::Unknown);
}
