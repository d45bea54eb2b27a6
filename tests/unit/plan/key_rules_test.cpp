#include <openssl/core_names.h>
#include <openssl/param_build.h>

#include "plan_fixture.hpp"

namespace sealroom {
namespace {

using namespace testing;

using OwnedParameters = Owned<OSSL_PARAM, OSSL_PARAM_free>;
using OwnedParameterBuilder = Owned<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free>;
using OwnedBnContext = Owned<BN_CTX, BN_CTX_free>;

OwnedBignum from_decimal(const std::string& digits) {
  BIGNUM* number = nullptr;
  BN_dec2bn(&number, digits.c_str());
  return OwnedBignum(number);
}

// A public key alone, with any modulus and exponent.
PublicKey rsa_key(const BIGNUM* modulus, const BIGNUM* exponent) {
  const OwnedParameterBuilder builder(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, modulus);
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, exponent);
  const OwnedParameters parameters(OSSL_PARAM_BLD_to_param(builder.get()));
  const OwnedPkeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr));
  EVP_PKEY* key = nullptr;
  must(EVP_PKEY_fromdata_init(context.get()) == 1 &&
           EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters.get()) == 1,
       "RSA key");
  const OwnedPkey owned(key);
  auto made = PublicKey::of(key);
  must(made.has_value(), "public key");
  return *std::move(made);
}

PublicKey rsa_key(const BIGNUM* modulus) { return rsa_key(modulus, from_decimal("65537").get()); }

// Published primes (RFC 2409 and RFC 3526): new ones of this size would take seconds.
OwnedBignum prime_1024() { return OwnedBignum(BN_get_rfc2409_prime_1024(nullptr)); }
OwnedBignum prime_2048() { return OwnedBignum(BN_get_rfc3526_prime_2048(nullptr)); }
OwnedBignum prime_4096() { return OwnedBignum(BN_get_rfc3526_prime_4096(nullptr)); }

OwnedBignum product(const BIGNUM* a, const BIGNUM* b) {
  const OwnedBnContext context(BN_CTX_new());
  OwnedBignum made(BN_new());
  must(BN_mul(made.get(), a, b, context.get()) == 1, "product");
  return made;
}

OwnedBignum modulus_of(int bits) {
  BIGNUM* modulus = nullptr;
  must(EVP_PKEY_get_bn_param(test_key("rsa:" + std::to_string(bits)), OSSL_PKEY_PARAM_RSA_N, &modulus) == 1, "modulus");
  return OwnedBignum(modulus);
}

// A request that carries `key`; nobody can sign for most of these, so the signature is another key's.
Bytes request_with(const PublicKey& key) {
  const auto request = unsigned_request({});
  must(X509_REQ_set_pubkey(request.get(), key.get()) == 1, "public key");
  return sign_request(request.get());
}

Ids refusals_for(const PublicKey& key) {
  auto ids = ids_of(examine(submission(request_with(key)), tiers().rules()).refusals);
  ids.erase("signature.algorithm");
  ids.erase("signature.mismatch");
  return ids;
}

}  // namespace

TEST_CASE("keys of the allowed kinds and sizes are accepted") {
  const std::string kind = GENERATE("rsa:2048", "rsa:3072", "ec:P-256", "ec:P-384", "ec:P-521");
  CHECK(refusals_of({.key = kind}, tiers().rules()) == Ids{});
}

TEST_CASE("RSA keys below 2048 bits are refused") {
  CHECK(refusals_of({.key = "rsa:1024"}, tiers().rules()) == Ids{"key.rsa-too-short"});
  CHECK(refusals_of({.key = "rsa:2040"}, tiers().rules()) == Ids{"key.rsa-too-short"});
}

TEST_CASE("RSA keys that are not whole octets or above 8192 bits are refused") {
  const auto made_of = [](const OwnedBignum& prime, const char* other) {
    return refusals_for(rsa_key(product(prime.get(), from_decimal(other).get()).get()));
  };
  CHECK(made_of(prime_2048(), "257").contains("key.rsa-size"));        // 2057 bits
  CHECK_FALSE(made_of(prime_2048(), "251").contains("key.rsa-size"));  // 2056 bits
  const auto longest = product(prime_4096().get(), prime_4096().get());
  CHECK_FALSE(refusals_for(rsa_key(longest.get())).contains("key.rsa-size"));
  CHECK(refusals_for(rsa_key(product(longest.get(), from_decimal("257").get()).get())).contains("key.rsa-size"));
}

TEST_CASE("the RSA exponent is odd, above 65536 and below 2^256") {
  const auto modulus = modulus_of(2048);
  struct Row {
    std::string exponent;
    bool good;
  };
  const auto row = GENERATE(values<Row>({
      {"65537", true},
      {"65539", true},
      {"65535", false},
      {"3", false},
      {"65538", false},
      {"115792089237316195423570985008687907853269984665640564039457584007913129639935", true},   // 2^256 - 1
      {"115792089237316195423570985008687907853269984665640564039457584007913129639937", false},  // 2^256 + 1
  }));
  CAPTURE(row.exponent);
  CHECK(refusals_for(rsa_key(modulus.get(), from_decimal(row.exponent).get())).contains("key.rsa-exponent") !=
        row.good);
}

TEST_CASE("an RSA modulus that arithmetic shows to be weak is refused") {
  SECTION("a good one passes") { CHECK(refusals_for(rsa_key(modulus_of(2048).get())) == Ids{}); }
  SECTION("even") {
    const auto modulus = modulus_of(2048);
    must(BN_sub_word(modulus.get(), 1) == 1, "even");
    CHECK(refusals_for(rsa_key(modulus.get())) == Ids{"key.rsa-modulus"});
  }
  SECTION("a small factor") {
    const auto large = prime_2048();
    const auto modulus = product(large.get(), from_decimal("751").get());
    CHECK(refusals_for(rsa_key(modulus.get())).contains("key.rsa-modulus"));
    // 757 is above the bound: only factoring finds it.
    CHECK_FALSE(
        refusals_for(rsa_key(product(large.get(), from_decimal("757").get()).get())).contains("key.rsa-modulus"));
  }
  SECTION("a prime") { CHECK(refusals_for(rsa_key(prime_2048().get())) == Ids{"key.rsa-modulus"}); }
  SECTION("a square") {
    const auto root = prime_1024();
    CHECK(refusals_for(rsa_key(product(root.get(), root.get()).get())) == Ids{"key.rsa-modulus"});
  }
  SECTION("close primes") {
    const auto first = prime_1024();
    const OwnedBignum second(BN_dup(first.get()));
    const OwnedBnContext context(BN_CTX_new());
    do {
      must(BN_add_word(second.get(), 2) == 1, "next");
    } while (BN_check_prime(second.get(), context.get(), nullptr) != 1);
    CHECK(refusals_for(rsa_key(product(first.get(), second.get()).get())) == Ids{"key.rsa-modulus"});
  }
  SECTION("the fingerprint of CVE-2017-15361") {
    // 65537 modulo the product of the primes up to 167 is a power of 65537 modulo each of them.
    auto primorial = from_decimal("1");
    const OwnedBnContext context(BN_CTX_new());
    const OwnedBignum candidate(BN_new());
    for (BN_ULONG number = 2; number <= 167; ++number) {
      must(BN_set_word(candidate.get(), number) == 1, "number");
      if (BN_check_prime(candidate.get(), context.get(), nullptr) == 1)
        must(BN_mul_word(primorial.get(), number) == 1, "product");
    }
    const OwnedBignum modulus(BN_dup(primorial.get()));
    must(BN_lshift(modulus.get(), primorial.get(), 2048 - BN_num_bits(primorial.get())) == 1, "shift");
    must(BN_add_word(modulus.get(), 65537) == 1, "sum");
    std::string why;
    for (int tries = 0; tries < 100 && why.find("CVE-2017-15361") == std::string::npos; ++tries) {
      // Until no prime between 167 and 752 divides it, which would be the first thing said.
      must(BN_add(modulus.get(), modulus.get(), primorial.get()) == 1, "sum");
      why = detail_of(examine(submission(request_with(rsa_key(modulus.get()))), tiers().rules()).refusals,
                      "key.rsa-modulus");
    }
    CHECK(why.find("CVE-2017-15361") != std::string::npos);
  }
}

TEST_CASE("other curves than P-256, P-384 and P-521 are refused") {
  const std::string kind = GENERATE("ec:secp256k1", "ec:P-224", "ec:brainpoolP256r1");
  const auto refused = examine(submission(make_request({.key = kind})), tiers().rules());
  CHECK(ids_of(refused.refusals) == Ids{"key.curve"});
  CHECK(detail_of(refused.refusals, "key.curve").find("P-256") != std::string::npos);
}

TEST_CASE("Ed25519 keys are accepted where the settings allow them") {
  auto rules = tiers().rules();
  CHECK(refusals_of({.key = "ed25519", .digest = ""}, rules) == Ids{"key.algorithm"});
  rules.keys.ed25519 = Ed25519Keys::Allow;
  CHECK(refusals_of({.key = "ed25519", .digest = ""}, rules) == Ids{});
  CHECK(refusals_of({.key = "ed448", .digest = ""}, rules).contains("key.algorithm"));
}

TEST_CASE("the least exponent and the largest size of an RSA key are settings, and exact") {
  const auto modulus = modulus_of(2048);
  auto rules = tiers().rules();
  const auto refusals = [&](const char* exponent) {
    return ids_of(
        examine(submission(request_with(rsa_key(modulus.get(), from_decimal(exponent).get()))), rules).refusals);
  };
  rules.keys.least_rsa_exponent = 17;
  CHECK_FALSE(refusals("17").contains("key.rsa-exponent"));
  CHECK(refusals("15").contains("key.rsa-exponent"));
  CHECK(refusals("1").contains("key.rsa-exponent"));
  rules.keys.least_rsa_exponent = 65'539;
  CHECK_FALSE(refusals("65539").contains("key.rsa-exponent"));
  CHECK(refusals("65537").contains("key.rsa-exponent"));

  rules = tiers().rules();
  rules.keys.largest_rsa_bits = 3'072;
  CHECK(refusals_of({.key = "rsa:3072"}, rules) == Ids{});
  rules.keys.largest_rsa_bits = 3'064;
  CHECK(refusals_of({.key = "rsa:3072"}, rules) == Ids{"key.rsa-size"});
}

TEST_CASE("an RSA key on the list of weak keys is refused") {
  // As openssl-vulnkey(1) has it: openssl req -noout -modulus | sha1sum | cut -c 21-40
  const OwnedMemory digits(reinterpret_cast<unsigned char*>(BN_bn2hex(modulus_of(2048).get())));
  const std::string line = "Modulus=" + std::string(reinterpret_cast<const char*>(digits.get())) + "\n";
  std::array<std::uint8_t, 20> digest{};
  must(EVP_Digest(line.data(), line.size(), digest.data(), nullptr, EVP_sha1(), nullptr) == 1, "digest");
  const auto fingerprint = to_hex(ByteView(digest).last(10));
  auto rules = tiers().rules();
  const auto list_of = [](const std::string& text) {
    return std::make_shared<const WeakKeyList>(WeakKeyList::parse("weak", as_bytes(text)).value());
  };
  rules.keys.debian_weak_keys = list_of("00000000000000000000\n" + fingerprint + "\n");
  CHECK(refusals_of({.key = "rsa:2048"}, rules) == Ids{"key.debian-weak"});
  CHECK(refusals_of({.key = "rsa:3072"}, rules) == Ids{});
  CHECK(refusals_of({.key = "ec:P-256"}, rules) == Ids{});
  rules.keys.debian_weak_keys = list_of("00000000000000000000\n");
  CHECK(refusals_of({.key = "rsa:2048"}, rules) == Ids{});
}

TEST_CASE("an exponent of half a million bits is refused before it is written out") {
  const OwnedBignum huge(BN_new());
  must(BN_set_bit(huge.get(), 400'000) == 1 && BN_set_bit(huge.get(), 0) == 1, "number");
  auto rules = tiers().rules();
  rules.limits.octets = 524'288;
  const auto examination = examine(submission(request_with(rsa_key(modulus_of(2048).get(), huge.get()))), rules);
  CHECK(detail_of(examination.refusals, "key.rsa-exponent").find("a number of 400001 bits") != std::string::npos);
}

TEST_CASE("keys for other algorithms are refused") {
  CHECK(refusals_of({.key = "rsa-pss:2048"}, tiers().rules()).contains("key.algorithm"));
}

TEST_CASE("the issuer's own key has at least the bits that its configuration asks for") {
  const auto config =
      issuer_config(changed(shipped("issuers/root.cnf"), "default_bits       = 2048", "default_bits = 3072"));
  const Rules rules{&config, &kOwn, nullptr, {}};
  CHECK(ids_of(examine(submission(own_request(config, "rsa:2048", 0)), rules).refusals) == Ids{"key.rsa-too-short"});
  CHECK(ids_of(examine(submission(own_request(config, "rsa:3072", 0)), rules).refusals) == Ids{});
}

}  // namespace sealroom
