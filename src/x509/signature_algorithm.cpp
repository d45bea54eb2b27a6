#include "signature_algorithm.hpp"

#include <array>
#include <cstdlib>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "der_reader.hpp"

namespace sealroom {

std::optional<SignatureAlgorithm> accepted_signature_algorithm(const std::string& oid) {
  using enum SignatureFamily;
  using enum HashAlgorithm;
  static constexpr std::array<std::pair<std::string_view, SignatureAlgorithm>, 7> kAccepted{{
      {"1.2.840.113549.1.1.11", {RsaPkcs1, Sha256}},
      {"1.2.840.113549.1.1.12", {RsaPkcs1, Sha384}},
      {"1.2.840.113549.1.1.13", {RsaPkcs1, Sha512}},
      {"1.2.840.10045.4.3.2", {Ecdsa, Sha256}},
      {"1.2.840.10045.4.3.3", {Ecdsa, Sha384}},
      {"1.2.840.10045.4.3.4", {Ecdsa, Sha512}},
      {"1.3.101.112", {Ed25519, Sha512}},
  }};
  for (const auto& [accepted, algorithm] : kAccepted) {
    if (accepted == oid) return algorithm;
  }
  return std::nullopt;
}

std::optional<Finding> signature_algorithm_finding(const std::string& oid, ByteView parameters) {
  const auto algorithm = accepted_signature_algorithm(oid);
  if (!algorithm) {
    return Finding{
        "signature.algorithm",
        fmt::format("the request is signed with {}; only SHA-256, SHA-384 and SHA-512 with RSA (PKCS#1 v1.5) or "
                    "ECDSA, and Ed25519, are accepted: make the request again with -sha256",
                    der::oid_name(oid))};
  }
  if (!has_right_parameters(algorithm->family, parameters)) {
    const bool rsa = algorithm->family == SignatureFamily::RsaPkcs1;
    return Finding{"signature.parameters",
                   fmt::format("the parameters of the signature algorithm {} are not {}; make the request again with "
                               "another tool",
                               der::oid_name(oid), rsa ? "NULL" : "absent")};
  }
  return std::nullopt;
}

bool has_right_parameters(SignatureFamily family, ByteView parameters) {
  static constexpr std::array<std::uint8_t, 2> kNull{0x05, 0x00};
  return family == SignatureFamily::RsaPkcs1 ? equal(parameters, kNull) : parameters.empty();
}

bool fits(SignatureFamily family, const PublicKey& key) {
  const int type = EVP_PKEY_get_base_id(key.get());
  switch (family) {
    case SignatureFamily::RsaPkcs1: return type == EVP_PKEY_RSA;
    case SignatureFamily::Ecdsa: return type == EVP_PKEY_EC;
    case SignatureFamily::Ed25519: return type == EVP_PKEY_ED25519;
  }
  std::abort();
}

}  // namespace sealroom
