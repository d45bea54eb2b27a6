#include "request_key.hpp"

#include <algorithm>
#include <iterator>
#include <string_view>

#include <fmt/format.h>
#include <openssl/ec.h>
#include <openssl/obj_mac.h>
#include <openssl/rsa.h>

#include "sealroom/base/text.hpp"
#include "sealroom/crypto/crypto.hpp"

namespace sealroom {
namespace {

constexpr const char* kRsaEncryption = "1.2.840.113549.1.1.1";
constexpr const char* kEcPublicKey = "1.2.840.10045.2.1";
constexpr const char* kEd25519 = "1.3.101.112";

// With its sign octet. OpenSSL uses no longer one (openssl/rsa.h), so none is decoded; what an appliance accepts is less.
constexpr std::size_t kLongestModulus = OPENSSL_RSA_MAX_MODULUS_BITS / 8 + 1;

struct KeyParts {
  std::string algorithm;
  std::optional<der::Value> parameters;
  ByteView key;
};

std::optional<Finding> undecodable(const std::string& why) {
  return Finding{"key.undecodable",
                 fmt::format("the public key cannot be decoded: {}; make a new key and request", why)};
}

// SubjectPublicKeyInfo ::= SEQUENCE { AlgorithmIdentifier, BIT STRING } (RFC 5280 section 4.1)
std::optional<KeyParts> split_spki(const der::Value& spki) {
  der::Reader parts(spki.contents);
  const auto identifier = parts.next(der::kSequence);
  const auto bits = parts.next(der::kBitString);
  const auto key = bits ? der::whole_octets(*bits) : std::nullopt;
  if (!identifier || !key || !parts.done()) return std::nullopt;
  der::Reader algorithm(identifier->contents);
  const auto oid = algorithm.next(der::kOid);
  if (!oid) return std::nullopt;
  const auto parameters = algorithm.next();
  if (!algorithm.done()) return std::nullopt;
  return KeyParts{der::oid_text(oid->contents), parameters, *key};
}

bool is_positive(const std::optional<der::Value>& integer) {
  return integer && integer->contents[0] < 0x80 && (integer->contents.size() > 1 || integer->contents[0] != 0);
}

// RFC 8017 appendix A.1.1. OpenSSL takes a negative modulus for a positive one; others do not.
std::optional<Finding> rsa_finding(const KeyParts& parts) {
  if (!parts.parameters || parts.parameters->identifier != der::kNull) {
    return Finding{"key.parameters",
                   "the parameters of the RSA key's algorithm are not NULL (RFC 3279 section 2.3.1); make the request "
                   "again with another tool"};
  }
  if (const auto fault = der::check(parts.key, 2)) return undecodable("RSAPublicKey: " + fault->reason);
  if (parts.key.front() != der::kSequence) return undecodable("RSAPublicKey is no SEQUENCE");
  der::Reader numbers(der::Reader(parts.key).next()->contents);
  const auto modulus = numbers.next(der::kInteger);
  if (modulus && modulus->contents.size() > kLongestModulus) {
    return Finding{"key.rsa-size",
                   fmt::format("the RSA modulus has {} octets; nothing can use more than {} bits; make a "
                               "new key, such as RSA 3072",
                               modulus->contents.size(), OPENSSL_RSA_MAX_MODULUS_BITS)};
  }
  const bool good_modulus = is_positive(modulus);
  const bool good_exponent = is_positive(numbers.next(der::kInteger));
  if (!good_modulus || !good_exponent || !numbers.done()) {
    return undecodable("RSAPublicKey is not a positive modulus and a positive exponent");
  }
  return std::nullopt;
}

std::optional<Finding> bad_point(const char* why) {
  return Finding{"key.point", fmt::format("the EC key {}; make the request again with -pkeyopt "
                                          "ec_point_format:uncompressed or a new key",
                                          why)};
}

// RFC 5480 sections 2.1.1 and 2.2. Explicit parameters are never decoded, so a huge field costs nothing. One key has
// one encoding: a compressed point would be the same key under another digest, and Java does not read it.
std::optional<Finding> ec_finding(const KeyParts& parts) {
  if (parts.parameters && parts.parameters->identifier == der::kSequence) {
    return Finding{"key.explicit-parameters",
                   "the EC key spells its curve out instead of naming it; make the key again with "
                   "-pkeyopt ec_param_enc:named_curve"};
  }
  if (!parts.parameters || parts.parameters->identifier != der::kOid) {
    return Finding{"key.parameters", "the EC key names no curve; make the key again on P-256, P-384 or P-521"};
  }
  const int form = parts.key.empty() ? 0 : parts.key[0];
  if (form == 0) return bad_point("is the point at infinity");
  return form == 4 ? std::nullopt : bad_point("is not in the uncompressed form");
}

// Why OpenSSL could not decode a key that has the right shape.
std::optional<Finding> decoding_finding(const KeyParts& parts, const Error& error) {
  if (parts.algorithm != kEcPublicKey) return undecodable(error.message);
  const std::string curve = der::oid_text(parts.parameters->contents);
  const Owned<EC_GROUP, EC_GROUP_free> group(EC_GROUP_new_by_curve_name(OBJ_txt2nid(curve.c_str())));
  openssl_errors();
  if (group) return bad_point("is not a point of its curve");
  return Finding{"key.curve",
                 fmt::format("the curve {} of the EC key is unknown; use P-256, P-384 or P-521", der::oid_name(curve))};
}

// Whether `key` encodes a point of small order, or not in the one way of RFC 8032 section 5.1.3. A signature under such
// a key can be made without any private key, so it proves nothing. The five y are those of all points whose order
// divides 8; y is less than p = 2^255 - 19.
bool is_degenerate_ed25519(ByteView key) {
  static constexpr std::string_view kSmallOrder[] = {
      "0000000000000000000000000000000000000000000000000000000000000000",
      "0100000000000000000000000000000000000000000000000000000000000000",
      "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
      "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
      "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  };
  Bytes y = copy(key);
  y.back() &= 0x7f;  // the sign of x
  if (std::ranges::find(kSmallOrder, to_hex(y)) != std::end(kSmallOrder)) return true;
  const bool all_ones = std::ranges::all_of(y.begin() + 1, y.end() - 1, [](auto octet) { return octet == 0xff; });
  return all_ones && y.back() == 0x7f && y.front() >= 0xed;
}

// RFC 8410 section 3.
std::optional<Finding> ed25519_finding(const KeyParts& parts) {
  constexpr std::size_t kSize = 32;
  if (parts.parameters) {
    return Finding{"key.parameters",
                   "the Ed25519 key's algorithm has parameters, which RFC 8410 section 3 forbids; make the request "
                   "again with another tool"};
  }
  if (parts.key.size() != kSize) return undecodable("an Ed25519 key has 32 octets");
  if (!is_degenerate_ed25519(parts.key)) return std::nullopt;
  return Finding{"key.point", "the Ed25519 key is a point of small order, for which anybody can sign; make a new key"};
}

std::optional<Finding> finding_about(const KeyParts& parts) {
  if (parts.algorithm == kRsaEncryption) return rsa_finding(parts);
  if (parts.algorithm == kEcPublicKey) return ec_finding(parts);
  if (parts.algorithm == kEd25519) return ed25519_finding(parts);
  return Finding{"key.algorithm",
                 fmt::format("the public key's algorithm is {}; only RSA (rsaEncryption) and EC keys are "
                             "accepted: make a new key",
                             der::oid_name(parts.algorithm))};
}

bool is_accepted_curve(const der::Value& name) {
  const auto curve = der::oid_text(name.contents);
  return curve == "1.2.840.10045.3.1.7" || curve == "1.3.132.0.34" || curve == "1.3.132.0.35";
}

// The key of `parts`, about which there is no finding.
Result<PublicKey> key_of(const KeyParts& parts, ByteView spki) {
  if (parts.algorithm == kRsaEncryption) return PublicKey::made_of(spki, RsaNumbers{.key = parts.key});
  if (parts.algorithm == kEcPublicKey && is_accepted_curve(*parts.parameters)) {
    return PublicKey::made_of(spki, CurvePoint{.curve = parts.parameters->whole, .point = parts.key});
  }
  return PublicKey::parse(spki);
}

}  // namespace

std::optional<PublicKey> read_request_key(const der::Value& spki, Findings& findings) {
  const auto parts = split_spki(spki);
  auto finding = parts ? finding_about(*parts) : undecodable("SubjectPublicKeyInfo has not its shape");
  if (!finding) {
    auto key = key_of(*parts, spki.whole);
    if (key) return std::move(*key);
    finding = decoding_finding(*parts, key.error());
  }
  findings.push_back(std::move(*finding));
  return std::nullopt;
}

}  // namespace sealroom
