#include <catch2/catch.hpp>

#include <openssl/err.h>

#include "sealroom/crypto/public_key.hpp"
#include "support/openssl_requests.hpp"

using namespace sealroom;
using namespace sealroom::testing;

namespace {

Bytes signature_of(EVP_PKEY* key, ByteView message, const EVP_MD* digest) {
  const OwnedDigestContext context(EVP_MD_CTX_new());
  std::size_t size = 0;
  must(EVP_DigestSignInit(context.get(), nullptr, digest, nullptr, key) == 1 &&
           EVP_DigestSign(context.get(), nullptr, &size, message.data(), message.size()) == 1,
       "signature");
  Bytes signature(size);
  must(EVP_DigestSign(context.get(), signature.data(), &size, message.data(), message.size()) == 1, "signature");
  signature.resize(size);
  return signature;
}

PublicKey public_half(const std::string& kind, int number = 0) {
  auto key = PublicKey::of(test_key(kind, number));
  REQUIRE(key);
  return *key;
}

}  // namespace

TEST_CASE("a public key knows its type, size and description") {
  struct Row {
    const char* kind;
    KeyType type;
    unsigned bits;
    const char* description;
  };
  const Row row = GENERATE(
      Row{"rsa:2048", KeyType::Rsa, 2048, "RSA 2048"}, Row{"rsa:1024", KeyType::Rsa, 1024, "RSA 1024"},
      Row{"ec:P-256", KeyType::EcP256, 256, "EC P-256"}, Row{"ec:P-384", KeyType::EcP384, 384, "EC P-384"},
      Row{"ec:P-521", KeyType::EcP521, 521, "EC P-521"}, Row{"ec:secp256k1", KeyType::Other, 256, "EC secp256k1"},
      Row{"ed25519", KeyType::Ed25519, 256, "Ed25519"}, Row{"ed448", KeyType::Other, 456, "ED448"});
  const auto key = public_half(row.kind);
  CHECK(key.type() == row.type);
  CHECK(key.bits() == row.bits);
  CHECK(key.description() == row.description);
}

TEST_CASE("a public key keeps the octets that it came from, and their digest") {
  const Bytes der = der_of(test_key("ec:P-256"), i2d_PUBKEY);
  const auto key = PublicKey::parse(der);
  REQUIRE(key);
  CHECK(key->der() == der);
  CHECK(key->digest() == sha256(der));
  CHECK(public_half("ec:P-256").der() == der);
}

TEST_CASE("a key that was decoded already is shared, and one that was not is decoded") {
  const Bytes der = der_of(test_key("ec:P-256"), i2d_PUBKEY);
  const auto key = PublicKey::decoded_from(der, test_key("ec:P-256"));
  REQUIRE(key);
  CHECK(key->get() == test_key("ec:P-256"));
  CHECK(key->der() == der);
  CHECK(key->digest() == sha256(der));
  CHECK(key->type() == KeyType::EcP256);
  CHECK(PublicKey::decoded_from(der, nullptr)->bits() == 256);
  CHECK_FALSE(PublicKey::decoded_from(ByteView(der).first(der.size() - 1), nullptr));
}

TEST_CASE("a key made of its numbers is the key that its octets decode to") {
  const auto kind = GENERATE("ec:P-256", "ec:P-384", "ec:P-521");
  const auto whole = public_half(kind);
  Bytes point(200);
  std::size_t size = 0;
  REQUIRE(EVP_PKEY_get_octet_string_param(whole.get(), "encoded-pub-key", point.data(), point.size(), &size) == 1);
  point.resize(size);
  char name[64] = {};
  REQUIRE(EVP_PKEY_get_utf8_string_param(whole.get(), "group", name, sizeof name, &size) == 1);
  const Bytes curve = der_of(OBJ_txt2obj(name, 0), i2d_ASN1_OBJECT);
  const auto key = PublicKey::made_of(whole.der(), CurvePoint{.curve = curve, .point = point});
  REQUIRE(key);
  CHECK(EVP_PKEY_eq(key->get(), whole.get()) == 1);
  CHECK(key->type() == whole.type());
  CHECK(key->digest() == whole.digest());
  CHECK(der_of(key->get(), i2d_PUBKEY) == whole.der());
  CHECK_FALSE(PublicKey::made_of(whole.der(), CurvePoint{.curve = curve, .point = ByteView(point).first(33)}));
  CHECK_FALSE(PublicKey::made_of(whole.der(), CurvePoint{.curve = ByteView(curve).first(3), .point = point}));
  point.back() ^= 1;
  CHECK_FALSE(PublicKey::made_of(whole.der(), CurvePoint{.curve = curve, .point = point}));
}

TEST_CASE("an RSA key made of its numbers is the key that its octets decode to") {
  const auto whole = public_half("rsa:2048");
  const Bytes numbers = der_of(whole.get(), i2d_PublicKey);
  const auto key = PublicKey::made_of(whole.der(), RsaNumbers{.key = numbers});
  REQUIRE(key);
  CHECK(EVP_PKEY_eq(key->get(), whole.get()) == 1);
  CHECK(key->type() == KeyType::Rsa);
  CHECK(key->bits() == 2048);
  CHECK(der_of(key->get(), i2d_PUBKEY) == whole.der());
  CHECK_FALSE(PublicKey::made_of(whole.der(), RsaNumbers{.key = ByteView(numbers).first(numbers.size() - 1)}));
}

TEST_CASE("what is decoded without algorithms keeps its key as octets") {
  const Bytes der = der_of(test_key("ec:P-256"), i2d_PUBKEY);
  const unsigned char* next = der.data();
  const OwnedSpki held(reinterpret_cast<X509_PUBKEY*>(ASN1_item_d2i_ex(
      nullptr, &next, static_cast<long>(der.size()), ASN1_ITEM_rptr(X509_PUBKEY), without_algorithms(), nullptr)));
  REQUIRE(held);
  CHECK(X509_PUBKEY_get0(held.get()) == nullptr);
  CHECK(der_of(held.get(), i2d_X509_PUBKEY) == der);
  openssl_errors();
}

TEST_CASE("what is no public key, or has something behind it, is refused") {
  Bytes der = der_of(test_key("ec:P-256"), i2d_PUBKEY);
  CHECK_FALSE(PublicKey::parse({}));
  CHECK_FALSE(PublicKey::parse(ByteView(der).first(der.size() - 1)));
  CHECK_FALSE(PublicKey::parse(der_of(test_key("ec:P-256"), i2d_PrivateKey)));
  der.push_back(0);
  const auto refused = PublicKey::parse(der);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().kind == ErrorKind::Failed);
}

TEST_CASE("a signature verifies under its key, message and hash only") {
  const std::string kind = GENERATE("rsa:2048", "ec:P-256", "ec:P-384", "ec:secp256k1");
  const auto hash = GENERATE(HashAlgorithm::Sha256, HashAlgorithm::Sha384, HashAlgorithm::Sha512);
  const auto message = as_bytes("message");
  const Bytes signature = signature_of(test_key(kind), message, evp_of(hash));
  const auto key = public_half(kind);
  CHECK(key.verifies(message, signature, hash));
  CHECK_FALSE(key.verifies(as_bytes("massage"), signature, hash));
  const auto other = hash == HashAlgorithm::Sha256 ? HashAlgorithm::Sha384 : HashAlgorithm::Sha256;
  CHECK_FALSE(key.verifies(message, signature, other));
  CHECK_FALSE(public_half(kind, 1).verifies(message, signature, hash));
  CHECK_FALSE(key.verifies(message, {}, hash));
  Bytes longer = signature;
  longer.push_back(0);
  CHECK_FALSE(key.verifies(message, longer, hash));
  CHECK(ERR_peek_error() == 0);
}

TEST_CASE("an Ed25519 signature verifies with no hash of its own") {
  const auto message = as_bytes("message");
  const Bytes signature = signature_of(test_key("ed25519"), message, nullptr);
  CHECK(public_half("ed25519").verifies(message, signature, HashAlgorithm::Sha256));
  CHECK_FALSE(public_half("ed25519").verifies(as_bytes("massage"), signature, HashAlgorithm::Sha256));
}

TEST_CASE("a key that cannot sign verifies nothing") {
  CHECK_FALSE(public_half("x25519").verifies(as_bytes("message"), Bytes(64, 1), HashAlgorithm::Sha256));
}

TEST_CASE("hash algorithms have the names of default_md") {
  CHECK(name_of(HashAlgorithm::Sha256) == "sha256");
  CHECK(name_of(HashAlgorithm::Sha384) == "sha384");
  CHECK(name_of(HashAlgorithm::Sha512) == "sha512");
  CHECK(EVP_MD_get_size(evp_of(HashAlgorithm::Sha384)) == 48);
}
