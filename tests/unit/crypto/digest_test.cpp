#include <catch2/catch.hpp>

#include <openssl/err.h>

#include "sealroom/crypto/crypto.hpp"

using namespace sealroom;

TEST_CASE("SHA-256 is that of FIPS 180-4") {
  CHECK(to_hex(sha256({})) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(to_hex(sha256(as_bytes("abc"))) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST_CASE("octets that come in pieces have the digest of the whole") {
  Sha256 pieces;
  pieces.add(as_bytes("a"));
  pieces.add({});
  CHECK(pieces.so_far() == sha256(as_bytes("a")));
  pieces.add(as_bytes("bc"));
  CHECK(pieces.finish() == sha256(as_bytes("abc")));
  CHECK(Sha256().finish() == sha256({}));
}

TEST_CASE("the kernel's octets have the length asked for and differ each time") {
  CHECK(kernel_random(0).empty());
  CHECK(kernel_random(100'000).size() == 100'000);
  CHECK(kernel_random(32) != kernel_random(32));
}

TEST_CASE("OpenSSL's errors are told once") {
  ERR_clear_error();
  CHECK(openssl_errors() == "no reason given");
  ERR_raise(ERR_LIB_USER, ERR_R_MALLOC_FAILURE);
  CHECK(openssl_errors() == "malloc failure");
  CHECK(openssl_errors() == "no reason given");
}

TEST_CASE("an OpenSSL object gives its DER") {
  const OwnedInteger seven(ASN1_INTEGER_new());
  REQUIRE(ASN1_INTEGER_set(seven.get(), 7) == 1);
  CHECK(der_of(seven.get(), i2d_ASN1_INTEGER) == Bytes{0x02, 0x01, 0x07});
}
