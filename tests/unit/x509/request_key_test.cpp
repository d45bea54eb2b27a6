#include <catch2/catch.hpp>

#include "request_outcome.hpp"
#include "support/der_writer.hpp"

using namespace sealroom;
using namespace sealroom::testing;

namespace {

constexpr const char* kRsaEncryption = "1.2.840.113549.1.1.1";
constexpr const char* kEcPublicKey = "1.2.840.10045.2.1";
constexpr const char* kP256 = "1.2.840.10045.3.1.7";

Bytes rsa_key(const Bytes& numbers, const Bytes& parameters = der_null()) {
  return der_sequence({der_sequence({der_oid(kRsaEncryption), parameters}), der_bits(numbers)});
}

Bytes ec_key(const Bytes& point, const Bytes& parameters = der_oid(kP256)) {
  return der_sequence({der_sequence({der_oid(kEcPublicKey), parameters}), der_bits(point)});
}

// The uncompressed point of a P-256 key: 04, x, y.
Bytes point_of(EVP_PKEY* key) {
  const Bytes spki = spki_of(key);
  return {spki.end() - 65, spki.end()};
}

// What is said about the key when the request carries `spki`, without what follows for the signature.
Ids refused_key(const Bytes& spki) {
  HandmadeRequest request;
  request.spki = spki;
  const auto parsed = ParsedRequest::parse(request.encoded(), {});
  if (parsed) return {};
  Ids ids = ids_of(parsed.error());
  ids.erase("signature.mismatch");
  ids.erase("signature.algorithm");
  return ids;
}

}  // namespace

TEST_CASE("RSA keys of any size and every named curve that OpenSSL knows are decoded") {
  const std::string kind = GENERATE("rsa:1024", "rsa:2048", "rsa:3072", "ec:P-256", "ec:P-384", "ec:P-521",
                                    "ec:secp256k1", "ec:brainpoolP256r1", "ec:secp224r1");
  RequestRecipe recipe;
  recipe.key = kind;
  const auto parsed = ParsedRequest::parse(make_request(recipe), {});
  REQUIRE(parsed);
  CHECK(parsed->key().der() == spki_of(test_key(kind)));
  CHECK(refused_with(make_request(recipe)).empty());
}

TEST_CASE("an RSA key is a positive modulus and exponent, in DER, with NULL parameters") {
  const Bytes modulus = joined({{0x00, 0xc1}, Bytes(127, 0x55)});
  const Bytes exponent = {0x01, 0x00, 0x01};
  const auto numbers = [](const Bytes& n, const Bytes& e) {
    return der_sequence({der_value(0x02, n), der_value(0x02, e)});
  };
  const Bytes good = numbers(modulus, exponent);
  CHECK(refused_key(rsa_key(good)).empty());
  CHECK(refused_key(rsa_key(numbers({modulus.begin() + 1, modulus.end()}, exponent))) == Ids{"key.undecodable"});
  CHECK(refused_key(rsa_key(numbers(modulus, {0x81}))) == Ids{"key.undecodable"});
  CHECK(refused_key(rsa_key(numbers(modulus, {0x00}))) == Ids{"key.undecodable"});
  CHECK(refused_key(rsa_key(numbers(joined({{0x00}, modulus}), exponent))) == Ids{"key.undecodable"});
  CHECK(refused_key(rsa_key(joined({good, {0x00}}))) == Ids{"key.undecodable"});
  CHECK(refused_key(rsa_key(der_sequence({der_value(0x02, modulus)}))) == Ids{"key.undecodable"});
  CHECK(refused_key(rsa_key({})) == Ids{"key.undecodable"});
  CHECK(refused_key(rsa_key(good, {})) == Ids{"key.parameters"});
  CHECK(refused_key(rsa_key(good, der_oid(kP256))) == Ids{"key.parameters"});
}

TEST_CASE("an EC key is an uncompressed point of its curve") {
  const Bytes point = point_of(test_key("ec:P-256"));
  CHECK(refused_key(ec_key(point)).empty());
  CHECK(refused_key(ec_key({0x00})) == Ids{"key.point"});
  CHECK(refused_key(ec_key({})) == Ids{"key.point"});
  CHECK(refused_key(ec_key({point.begin(), point.end() - 1})) == Ids{"key.point"});

  Bytes off_curve = point;
  off_curve.back() ^= 1;
  CHECK(refused_key(ec_key(off_curve)) == Ids{"key.point"});

  const auto odd = static_cast<std::uint8_t>(point.back() & 1);
  Bytes hybrid = point;
  hybrid[0] = static_cast<std::uint8_t>(6 + odd);
  CHECK(refused_key(ec_key(hybrid)) == Ids{"key.point"});
  Bytes compressed(point.begin(), point.begin() + 33);
  compressed[0] = static_cast<std::uint8_t>(2 + odd);
  CHECK(refused_key(ec_key(compressed)) == Ids{"key.point"});
}

TEST_CASE("an EC key names its curve") {
  const Bytes point = point_of(test_key("ec:P-256"));
  CHECK(refused_key(ec_key(point, {})) == Ids{"key.parameters"});
  CHECK(refused_key(ec_key(point, der_null())) == Ids{"key.parameters"});
  CHECK(refused_key(ec_key(point, der_oid("1.3.6.1.4.1.99999.7"))) == Ids{"key.curve"});
}

TEST_CASE("explicit curve parameters are refused, also when they are those of P-256") {
  const OwnedPkeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
  EVP_PKEY* made = nullptr;
  must(EVP_PKEY_keygen_init(context.get()) == 1 && EVP_PKEY_CTX_set_group_name(context.get(), "P-256") == 1 &&
           EVP_PKEY_CTX_set_ec_param_enc(context.get(), OPENSSL_EC_EXPLICIT_CURVE) == 1 &&
           EVP_PKEY_generate(context.get(), &made) == 1,
       "key");
  const OwnedPkey key(made);
  const OwnedReq request = unsigned_request({});
  must(X509_REQ_set_pubkey(request.get(), key.get()) == 1 && X509_REQ_sign(request.get(), key.get(), EVP_sha256()) > 0,
       "request");
  CHECK(refused_with(der_of(request.get(), i2d_X509_REQ)) == Ids{"key.explicit-parameters"});
}

TEST_CASE("keys of other algorithms are refused by name") {
  RequestRecipe recipe;
  recipe.key = "rsa-pss:2048";
  CHECK(refused_with(make_request(recipe)) == Ids{"key.algorithm", "signature.algorithm"});
  recipe.key = "ed448";
  recipe.digest = "";
  CHECK(refused_with(make_request(recipe)) == Ids{"key.algorithm", "signature.algorithm"});
  CHECK(details_of(make_request(recipe)).find("ED448") != std::string::npos);
  CHECK(refused_key(der_sequence({der_sequence({der_oid("1.2.840.10040.4.1")}), der_bits({0x02, 0x01, 0x01})})) ==
        Ids{"key.algorithm"});
}

TEST_CASE("a SubjectPublicKeyInfo of another shape is refused") {
  CHECK(refused_key(der_sequence({})) == Ids{"key.undecodable"});
  CHECK(refused_key(joined({spki_of(test_key("ec:P-256"))})).empty());
  const Bytes spki = spki_of(test_key("ec:P-256"));
  const Bytes inner(spki.begin() + 2, spki.end());
  CHECK(refused_key(der_value(0x30, joined({inner, der_null()}))) == Ids{"key.undecodable"});
}

TEST_CASE("an RSA modulus that nothing could use is not decoded") {
  const auto modulus_of = [](std::size_t octets) {
    return der_value(0x02, joined({{0x00, 0xc1}, Bytes(octets - 1, 0x55)}));
  };
  const Bytes exponent = der_value(0x02, {0x01, 0x00, 0x01});
  CHECK(refused_key(rsa_key(der_sequence({modulus_of(2048), exponent}))).empty());
  CHECK(refused_key(rsa_key(der_sequence({modulus_of(2049), exponent}))) == Ids{"key.rsa-size"});
}

TEST_CASE("an exponent that OpenSSL cannot use with a long modulus is named, not the signature") {
  const Bytes modulus = der_value(0x02, joined({{0x00, 0xc1}, Bytes(511, 0x55)}));
  const auto refused = [&](std::size_t exponent_octets) {
    HandmadeRequest request;
    request.spki = rsa_key(der_sequence({modulus, der_value(0x02, Bytes(exponent_octets, 0x55))}));
    request.algorithm = der_sequence({der_oid("1.2.840.113549.1.1.11"), der_null()});
    return refused_with(request.encoded());
  };
  CHECK(refused(9) == Ids{"key.rsa-exponent"});
  CHECK(refused(8) == Ids{"signature.mismatch"});
}

// The points of order 1, 2, 4 and 8 of edwards25519, by either sign, and encodings of y that are not below p: RFC 8032
// section 5.1.3, and "Taming the many EdDSAs" (Chalkias et al. 2020), table 6.
TEST_CASE("an Ed25519 key is a point for which not everybody can sign") {
  const std::string encoding = GENERATE("0000000000000000000000000000000000000000000000000000000000000000",
                                        "0000000000000000000000000000000000000000000000000000000000000080",
                                        "0100000000000000000000000000000000000000000000000000000000000000",
                                        "0100000000000000000000000000000000000000000000000000000000000080",
                                        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
                                        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
                                        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
                                        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
                                        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                                        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
                                        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                                        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                                        "f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff");
  const auto key = from_hex(encoding);
  REQUIRE(key);
  CHECK(refused_key(der_sequence({der_sequence({der_oid("1.3.101.112")}), der_bits(*key)})) == Ids{"key.point"});
}

TEST_CASE("an Ed25519 key has no parameters") {
  const Bytes spki = spki_of(test_key("ed25519"));
  CHECK(refused_key(spki).empty());
  const Bytes key(spki.end() - 32, spki.end());
  CHECK(refused_key(der_sequence({der_sequence({der_oid("1.3.101.112"), der_null()}), der_bits(key)})) ==
        Ids{"key.parameters"});
  CHECK(refused_key(der_sequence({der_sequence({der_oid("1.3.101.112")}), der_bits({key.begin(), key.end() - 1})})) ==
        Ids{"key.undecodable"});
}
