#include <catch2/catch.hpp>

#include "request_outcome.hpp"
#include "support/der_writer.hpp"

using namespace sealroom;
using namespace sealroom::testing;

namespace {

std::string detail_of_refusal(const Bytes& der) {
  auto parsed = ParsedRequest::parse(der, {});
  REQUIRE(parsed);
  const auto verified = VerifiedCsr::verify(std::move(*parsed));
  REQUIRE_FALSE(verified);
  return verified.error().detail;
}

Bytes flipped(Bytes octets, std::size_t at, std::uint8_t mask = 0x01) {
  octets.at(at) ^= mask;
  return octets;
}

}  // namespace

TEST_CASE("RSA and ECDSA with SHA-256, SHA-384 and SHA-512 prove possession") {
  RequestRecipe recipe;
  recipe.key = GENERATE("rsa:2048", "ec:P-256", "ec:P-384", "ec:P-521");
  recipe.digest = GENERATE("SHA256", "SHA384", "SHA512");
  CHECK(refused_with(make_request(recipe)).empty());
}

TEST_CASE("SHA-1, MD5 and SHA-224 are refused by name, with the remedy") {
  RequestRecipe recipe;
  recipe.key = "rsa:2048";
  recipe.digest = GENERATE("SHA1", "MD5", "SHA224", "RIPEMD160");
  const Bytes der = make_request(recipe);
  CHECK(refused_with(der) == Ids{"signature.algorithm"});
  CHECK(detail_of_refusal(der).find("RSA-" + recipe.digest) != std::string::npos);
  CHECK(detail_of_refusal(der).find("-sha256") != std::string::npos);
}

TEST_CASE("ECDSA with SHA-1 is refused") {
  RequestRecipe recipe;
  recipe.digest = "SHA1";
  CHECK(refused_with(make_request(recipe)) == Ids{"signature.algorithm"});
}

TEST_CASE("Ed25519 proves possession, without parameters and by its own algorithm only") {
  RequestRecipe recipe;
  recipe.key = "ed25519";
  recipe.digest = "";
  const Bytes der = make_request(recipe);
  CHECK(refused_with(der).empty());
  CHECK(refused_with(flipped(der, der.size() - 40)) == Ids{"signature.mismatch"});
  HandmadeRequest request;
  request.key = recipe.key;
  request.spki = spki_of(test_key(recipe.key));
  request.digest = nullptr;
  request.algorithm = der_sequence({der_oid("1.3.101.112")});
  CHECK(refused_with(request.encoded()).empty());
  request.algorithm = der_sequence({der_oid("1.3.101.112"), der_null()});
  CHECK(refused_with(request.encoded()) == Ids{"signature.parameters"});
  request.algorithm = der_sequence({der_oid("1.2.840.10045.4.3.2")});
  CHECK(refused_with(request.encoded()) == Ids{"signature.algorithm"});
}

TEST_CASE("RSA-PSS signatures are refused") {
  const auto request = unsigned_request({.key = "rsa:2048", .extensions = {}});
  const OwnedDigestContext context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* padding = nullptr;
  must(EVP_DigestSignInit(context.get(), &padding, EVP_sha256(), nullptr, test_key("rsa:2048")) == 1 &&
           EVP_PKEY_CTX_set_rsa_padding(padding, RSA_PKCS1_PSS_PADDING) == 1 &&
           X509_REQ_sign_ctx(request.get(), context.get()) > 0,
       "signature");
  CHECK(refused_with(der_of(request.get(), i2d_X509_REQ)) == Ids{"signature.algorithm"});
}

TEST_CASE("the algorithm's parameters are NULL for RSA and absent for ECDSA") {
  HandmadeRequest rsa;
  rsa.key = "rsa:2048";
  rsa.spki = spki_of(test_key(rsa.key));
  rsa.algorithm = der_sequence({der_oid("1.2.840.113549.1.1.11"), der_null()});
  CHECK(refused_with(rsa.encoded()).empty());
  rsa.algorithm = der_sequence({der_oid("1.2.840.113549.1.1.11")});
  CHECK(refused_with(rsa.encoded()) == Ids{"signature.parameters"});
  rsa.algorithm = der_sequence({der_oid("1.2.840.113549.1.1.11"), der_sequence({})});
  CHECK(refused_with(rsa.encoded()) == Ids{"signature.parameters"});

  HandmadeRequest ec;
  CHECK(refused_with(ec.encoded()).empty());
  ec.algorithm = der_sequence({der_oid("1.2.840.10045.4.3.2"), der_null()});
  CHECK(refused_with(ec.encoded()) == Ids{"signature.parameters"});
}

TEST_CASE("an algorithm for another kind of key is refused") {
  HandmadeRequest request;
  request.algorithm = der_sequence({der_oid("1.2.840.113549.1.1.11"), der_null()});
  CHECK(refused_with(request.encoded()) == Ids{"signature.algorithm"});
  CHECK(detail_of_refusal(request.encoded()).find("EC P-256") != std::string::npos);
  request.spki = spki_of(test_key("ed25519"));
  CHECK(refused_with(request.encoded()) == Ids{"signature.algorithm"});
}

TEST_CASE("a key on the SM2 curve is no key for ECDSA") {
  RequestRecipe recipe;
  recipe.key = "ec:SM2";
  CHECK(refused_with(make_request(recipe)) == Ids{"key.algorithm"});
}

TEST_CASE("another hash than the one named is a mismatch") {
  HandmadeRequest request;
  request.digest = EVP_sha384();
  CHECK(refused_with(request.encoded()) == Ids{"signature.mismatch"});
}

TEST_CASE("a tampered signature is refused") {
  const std::string kind = GENERATE("rsa:2048", "ec:P-256");
  RequestRecipe recipe;
  recipe.key = kind;
  const Bytes der = make_request(recipe);
  REQUIRE(refused_with(der).empty());
  CHECK(refused_with(flipped(der, der.size() - 1)) == Ids{"signature.mismatch"});
}

TEST_CASE("a request changed after signing is refused") {
  const Bytes der = make_request();
  const std::string_view name = "broker.example.com";
  const auto at = as_text(der).find(name);
  REQUIRE(at != std::string_view::npos);
  CHECK(refused_with(flipped(der, at)) == Ids{"signature.mismatch"});
}

TEST_CASE("a request signed by another key than it carries is refused") {
  const auto request = unsigned_request({});
  CHECK(refused_with(sign_request(request.get(), "ec:P-256", 0)).empty());
  CHECK(refused_with(sign_request(request.get(), "ec:P-256", 1)) == Ids{"signature.mismatch"});
}

TEST_CASE("signatures of zeros, of nothing and of fractions of an octet are refused") {
  const Bytes der = HandmadeRequest().encoded();
  const auto parsed = ParsedRequest::parse(der, {});
  REQUIRE(parsed);
  const Bytes algorithm = HandmadeRequest().algorithm;
  const auto with = [&](const Bytes& bits) { return der_sequence({parsed->to_be_signed(), algorithm, bits}); };
  CHECK(refused_with(with(der_bits(parsed->signature()))).empty());
  CHECK(refused_with(with(der_bits(der_sequence({der_integer(0), der_integer(0)})))) == Ids{"signature.mismatch"});
  CHECK(refused_with(with(der_bits(der_sequence({der_integer(1), der_integer(1)})))) == Ids{"signature.mismatch"});
  CHECK(refused_with(with(der_bits({}))) == Ids{"signature.mismatch"});
  CHECK(refused_with(with(der_bits(joined({parsed->signature(), {0x00}})))) == Ids{"signature.mismatch"});
  CHECK(refused_with(with({0x03, 0x02, 0x01, 0x80})) == Ids{"request.not-pkcs10"});
  CHECK(refused_with(with({0x03, 0x02, 0x01, 0x81})) == Ids{"request.not-der"});
}
