#include <catch2/catch.hpp>

#include <algorithm>

#include "store_samples.hpp"
#include "sealroom/keystore/leaf_key.hpp"
#include "support/openssl_certificates.hpp"

using namespace sealroom;
using namespace sealroom::testing;

namespace {

// OpenSSL's older PEM form ("RSA PRIVATE KEY", "EC PRIVATE KEY"), under `password` where there is one.
std::string traditional_pem(EVP_PKEY* key, const std::string& password = {}) {
  const OwnedBio out(BIO_new(BIO_s_mem()));
  const auto* octets = reinterpret_cast<const unsigned char*>(password.data());
  must(PEM_write_bio_PrivateKey_traditional(out.get(), key, password.empty() ? nullptr : EVP_aes_128_cbc(),
                                            password.empty() ? nullptr : octets, static_cast<int>(password.size()),
                                            nullptr, nullptr) == 1,
       "traditional key");
  char* text = nullptr;
  const long size = BIO_get_mem_data(out.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

void check_key(EVP_PKEY* expected, const std::string& pem, const std::string& password) {
  const auto key = read_leaf_key(secret(pem), secret(password));
  REQUIRE(key);
  CHECK(key->public_key.der() == PublicKey::of(expected)->der());
  const unsigned char* next = key->pkcs8.view().data();
  const Owned<PKCS8_PRIV_KEY_INFO, PKCS8_PRIV_KEY_INFO_free> info(
      d2i_PKCS8_PRIV_KEY_INFO(nullptr, &next, static_cast<long>(key->pkcs8.size())));
  REQUIRE(info);
  const OwnedPkey decoded(EVP_PKCS82PKEY(info.get()));
  REQUIRE(decoded);
  CHECK(EVP_PKEY_eq(decoded.get(), expected) == 1);
}

void check_refused(const std::string& pem, std::string_view password, std::string_view reason) {
  const auto key = read_leaf_key(secret(pem), secret(password));
  REQUIRE_FALSE(key);
  CHECK(key.error().kind == ErrorKind::Failed);
  INFO(key.error().message);
  CHECK(key.error().message.find(reason) != std::string::npos);
}

}  // namespace

TEST_CASE("a private key is read from every PEM form, encrypted or not") {
  for (const std::string kind : {"rsa:2048", "ec:P-256", "ec:P-384", "ec:P-521"}) {
    EVP_PKEY* key = test_key(kind);
    INFO(kind);
    check_key(key, private_key_pem(key), "");
    check_key(key, private_key_pem(key, "pässwörd"), "pässwörd");
    check_key(key, traditional_pem(key), "");
    check_key(key, traditional_pem(key, "pässwörd"), "pässwörd");
  }
}

TEST_CASE("a private key is read from DER and from stores, too") {
  for (const std::string kind : {"rsa:2048", "ec:P-256", "ed25519"}) {
    EVP_PKEY* key = test_key(kind);
    INFO(kind);
    const Owned<PKCS8_PRIV_KEY_INFO, PKCS8_PRIV_KEY_INFO_free> info(EVP_PKEY2PKCS8(key));
    const auto pkcs8 = der_of(info.get(), i2d_PKCS8_PRIV_KEY_INFO);
    const auto text = std::string(as_text(pkcs8));
    check_key(key, text, "");
    CHECK_FALSE(is_encrypted_key(pkcs8));
    check_refused(text + "x", "", "");
    const TestAuthority authority;
    const KeyEntry entry{"a", kCreated, secret(text), {der_of_certificate(authority.root())}};
    for (const auto& store : {write_pkcs12(entry, secret("the password"), 5),
                              write_jks(entry, secret("the password"), secret("the password"))}) {
      REQUIRE(store);
      CHECK(is_encrypted_key(*store));
      check_key(key, std::string(as_text(*store)), "the password");
      check_refused(std::string(as_text(*store)), "another password", "wrong store password");
    }
  }
  EVP_PKEY* rsa = test_key("rsa:2048");
  check_key(rsa, std::string(as_text(der_of(rsa, i2d_PrivateKey))), "");
}

TEST_CASE("an encrypted key in DER is read") {
  EVP_PKEY* key = test_key("ec:P-256");
  const OwnedBio out(BIO_new(BIO_s_mem()));
  must(i2d_PKCS8PrivateKey_bio(out.get(), key, EVP_aes_256_cbc(), "the password", 12, nullptr, nullptr) == 1, "key");
  char* octets = nullptr;
  const long size = BIO_get_mem_data(out.get(), &octets);
  const std::string der(octets, static_cast<std::size_t>(size));
  CHECK(is_encrypted_key(as_bytes(der)));
  check_key(key, der, "the password");
  check_refused(der, "another password", "wrong key password");
  check_refused(der.substr(0, der.size() - 1), "the password", "no private key");
}

TEST_CASE("a store without a key of its own, or with two, is no key file") {
  const TestAuthority authority;
  const auto trust = write_truststore(StoreType::Pkcs12, {{"a", kCreated, der_of_certificate(authority.root())}},
                                      secret("the password"));
  REQUIRE(trust);
  check_refused(std::string(as_text(*trust)), "the password", "holds no private key");
}

TEST_CASE("text before a key and the parameters that older tools put before it do no harm") {
  EVP_PKEY* key = test_key("ec:P-256");
  check_key(key,
            "Bag Attributes\r\n-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n" +
                traditional_pem(key),
            "");
}

TEST_CASE("whether a key needs a password is told from its PEM") {
  EVP_PKEY* key = test_key("ec:P-256");
  CHECK(is_encrypted_key(as_bytes(private_key_pem(key, "password"))));
  CHECK(is_encrypted_key(as_bytes(traditional_pem(key, "password"))));
  CHECK_FALSE(is_encrypted_key(as_bytes(private_key_pem(key))));
  CHECK_FALSE(is_encrypted_key(as_bytes(traditional_pem(key))));
}

TEST_CASE("a wrong or missing key password is refused") {
  EVP_PKEY* key = test_key("ec:P-256");
  for (const auto& pem : {private_key_pem(key, "right one"), traditional_pem(key, "right one")}) {
    check_refused(pem, "wrong one", "wrong key password");
    check_refused(pem, "", "wrong key password");
    check_refused(pem, std::string(4096, 'x'), "wrong key password");
  }
}

TEST_CASE("a file with no private key, two, or a damaged one is refused") {
  const auto pem = private_key_pem(test_key("ec:P-256"));
  check_refused("no key here\n", "", "no private key");
  check_refused("-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n", "", "no private key");
  check_refused("-----BEGIN ", "", "no private key");
  check_refused(pem + pem, "", "several private keys");
  auto damaged = pem;
  damaged.replace(damaged.find('\n') + 1, 4, "AAAA");
  check_refused(damaged, "", "damaged");
  check_refused(pem.substr(0, pem.size() / 2), "", "damaged");
}

TEST_CASE("a private key whose public half is another's is refused") {
  const auto key = read_leaf_key(secret(private_key_pem(test_key("ec:P-256"))), Secret());
  REQUIRE(key);
  const auto other = PublicKey::of(test_key("ec:P-256", 1));
  Bytes mixed = copy(key->pkcs8.view());
  // An uncompressed P-256 point is the last 65 octets of PrivateKeyInfo and of SubjectPublicKeyInfo alike.
  std::copy(other->der().end() - 65, other->der().end(), mixed.end() - 65);
  check_refused(request_pem(mixed, "PRIVATE KEY"), "", "public half");
}
