#include <algorithm>
#include <cstdlib>

#include <fmt/format.h>
#include <openssl/core_names.h>

#include "modulus.hpp"
#include "rules.hpp"

namespace sealroom {
namespace {

constexpr unsigned kShortestRsa = 2048;
constexpr int kLongestExponent = 256;  // bits

OwnedBignum number_of(const PublicKey& key, const char* parameter) {
  BIGNUM* number = nullptr;
  if (EVP_PKEY_get_bn_param(key.get(), parameter, &number) != 1) std::abort();
  return OwnedBignum(number);
}

std::string shown(const BIGNUM* number) {
  // Writing a number in decimal takes time with the square of its length.
  if (BN_num_bits(number) > kLongestExponent) return fmt::format("a number of {} bits", BN_num_bits(number));
  const OwnedMemory digits(reinterpret_cast<unsigned char*>(BN_bn2dec(number)));
  return reinterpret_cast<const char*>(digits.get());
}

// FIPS 186-4 appendix B.3.1: odd, 2^16 < e < 2^256.
void judge_exponent(const PublicKey& key, std::uint64_t least, Findings& findings) {
  const auto exponent = number_of(key, OSSL_PKEY_PARAM_RSA_E);
  const OwnedBignum lowest(BN_new());
  if (!lowest || BN_set_word(lowest.get(), least) != 1) std::abort();
  const bool in_range = BN_cmp(exponent.get(), lowest.get()) >= 0 && BN_num_bits(exponent.get()) <= kLongestExponent;
  if (in_range && BN_is_odd(exponent.get())) return;
  findings.push_back({"key.rsa-exponent",
                      fmt::format("the RSA public exponent is {}; it must be odd, at least {} (keys in sealroom.yaml) "
                                  "and below 2^256; make a new key with exponent 65537",
                                  shown(exponent.get()), least)});
}

// Debian's name of a modulus (WeakKeyList).
WeakKeyList::Fingerprint debian_fingerprint(const BIGNUM* modulus) {
  const OwnedMemory digits(reinterpret_cast<unsigned char*>(BN_bn2hex(modulus)));
  if (!digits) std::abort();
  const auto line = fmt::format("Modulus={}\n", reinterpret_cast<const char*>(digits.get()));
  std::array<std::uint8_t, 20> digest{};
  if (EVP_Digest(line.data(), line.size(), digest.data(), nullptr, EVP_sha1(), nullptr) != 1) std::abort();
  WeakKeyList::Fingerprint last{};
  std::copy_n(digest.end() - last.size(), last.size(), last.begin());
  return last;
}

Findings rsa_findings(const PublicKey& key, const KeySettings& settings) {
  Findings findings;
  if (key.bits() < kShortestRsa) {
    findings.push_back(
        {"key.rsa-too-short",
         fmt::format("the RSA key has {} bits; at least {} are needed; make a new key", key.bits(), kShortestRsa)});
  }
  if (key.bits() > settings.largest_rsa_bits || key.bits() % 8 != 0) {
    findings.push_back(
        {"key.rsa-size", fmt::format("the RSA key has {} bits; sizes are whole octets up to {} bits (keys in "
                                     "sealroom.yaml); make a new key, such as RSA 3072",
                                     key.bits(), settings.largest_rsa_bits)});
  }
  judge_exponent(key, settings.least_rsa_exponent, findings);
  return findings;
}

}  // namespace

KeySettings widest_key_settings() {
  return {
      .least_rsa_exponent = 3, .largest_rsa_bits = 16'384, .ed25519 = Ed25519Keys::Allow, .debian_weak_keys = nullptr};
}

Findings key_findings(const PublicKey& key, const KeySettings& settings) {
  switch (key.type()) {
    case KeyType::Rsa: return rsa_findings(key, settings);
    case KeyType::EcP256:
    case KeyType::EcP384:
    case KeyType::EcP521: return {};
    case KeyType::Ed25519:
      if (settings.ed25519 == Ed25519Keys::Allow) return {};
      break;
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

Findings modulus_findings(const PublicKey& key, const KeySettings& settings, const Deadline& deadline) {
  if (key.type() != KeyType::Rsa || key.bits() > settings.largest_rsa_bits) return {};
  Findings findings;
  const auto modulus = number_of(key, OSSL_PKEY_PARAM_RSA_N);
  if (settings.debian_weak_keys && settings.debian_weak_keys->contains(debian_fingerprint(modulus.get()))) {
    findings.push_back({"key.debian-weak",
                        "the RSA key is on the list of weak keys: others hold its private half; make a new key, and "
                        "replace whatever else has this one"});
  }
  if (const auto weakness = weakness_of_modulus(modulus.get(), deadline)) {
    findings.push_back(
        {"key.rsa-modulus",
         fmt::format("the RSA modulus {}; make a new key with another program or on another machine", *weakness)});
  }
  return findings;
}

}  // namespace sealroom
