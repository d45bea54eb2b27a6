#include <cstdlib>

#include <fmt/format.h>
#include <openssl/core_names.h>

#include "modulus.hpp"
#include "rules.hpp"

namespace sealroom {
namespace {

constexpr unsigned kShortestRsa = 2048;
constexpr unsigned kLongestRsa = 8192;

OwnedBignum number_of(const PublicKey& key, const char* parameter) {
  BIGNUM* number = nullptr;
  if (EVP_PKEY_get_bn_param(key.get(), parameter, &number) != 1) std::abort();
  return OwnedBignum(number);
}

void judge_exponent(const PublicKey& key, Findings& findings) {
  const auto exponent = number_of(key, OSSL_PKEY_PARAM_RSA_E);
  // FIPS 186-4 appendix B.3.1: odd, 2^16 < e < 2^256.
  if (BN_is_odd(exponent.get()) && BN_num_bits(exponent.get()) > 16 && BN_num_bits(exponent.get()) <= 256) return;
  const OwnedMemory digits(reinterpret_cast<unsigned char*>(BN_bn2dec(exponent.get())));
  std::string value(reinterpret_cast<const char*>(digits.get()));
  if (value.size() > 80) value = fmt::format("a number of {} bits", BN_num_bits(exponent.get()));
  findings.push_back({"key.rsa-exponent", fmt::format("the RSA public exponent is {}; it must be odd, above 65536 and "
                                                      "below 2^256; make a new key with exponent 65537",
                                                      value)});
}

Findings rsa_findings(const PublicKey& key) {
  Findings findings;
  if (key.bits() < kShortestRsa) {
    findings.push_back(
        {"key.rsa-too-short",
         fmt::format("the RSA key has {} bits; at least {} are needed; make a new key", key.bits(), kShortestRsa)});
  }
  if (key.bits() > kLongestRsa || key.bits() % 8 != 0) {
    findings.push_back(
        {"key.rsa-size", fmt::format("the RSA key has {} bits; sizes are whole octets up to {} bits; make a new key, "
                                     "such as RSA 3072",
                                     key.bits(), kLongestRsa)});
  }
  judge_exponent(key, findings);
  return findings;
}

}  // namespace

Findings key_findings(const PublicKey& key) {
  switch (key.type()) {
    case KeyType::Rsa: return rsa_findings(key);
    case KeyType::EcP256:
    case KeyType::EcP384:
    case KeyType::EcP521: return {};
    case KeyType::Ed25519:
    case KeyType::Other: break;
  }
  if (EVP_PKEY_get_base_id(key.get()) == EVP_PKEY_EC) {
    return {{"key.curve", fmt::format("the key is {}; of the curves only P-256, P-384 and P-521 are allowed; make a "
                                      "new key",
                                      key.description())}};
  }
  return {{"key.algorithm", fmt::format("the key is {}; only RSA and EC (P-256, P-384, P-521) are allowed; make a new "
                                        "key",
                                        key.description())}};
}

Findings modulus_findings(const PublicKey& key) {
  if (key.type() != KeyType::Rsa || key.bits() > kLongestRsa) return {};
  const auto weakness = weakness_of_modulus(number_of(key, OSSL_PKEY_PARAM_RSA_N).get());
  if (!weakness) return {};
  return {{"key.rsa-modulus",
           fmt::format("the RSA modulus {}; make a new key with another program or on another machine", *weakness)}};
}

}  // namespace sealroom
