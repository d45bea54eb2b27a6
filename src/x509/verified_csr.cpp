#include <cstdlib>

#include <fmt/format.h>
#include <openssl/core_names.h>
#include <openssl/rsa.h>

#include "der_reader.hpp"
#include "sealroom/x509/request.hpp"
#include "signature_algorithm.hpp"

namespace sealroom {
namespace {

std::unexpected<Finding> refuse(const char* id, std::string detail) {
  return std::unexpected<Finding>(Finding{id, std::move(detail)});
}

// OpenSSL refuses to use a longer exponent with a modulus of more than 3072 bits (openssl/rsa.h), lest one
// verification take seconds.
bool can_verify(const PublicKey& key) {
  if (key.bits() <= OPENSSL_RSA_SMALL_MODULUS_BITS) return true;
  BIGNUM* exponent = nullptr;
  if (EVP_PKEY_get_bn_param(key.get(), OSSL_PKEY_PARAM_RSA_E, &exponent) != 1) std::abort();
  const OwnedBignum owned(exponent);
  return BN_num_bits(exponent) <= OPENSSL_RSA_MAX_PUBEXP_BITS;
}

}  // namespace

std::expected<VerifiedCsr, Finding> VerifiedCsr::verify(ParsedRequest request) {
  if (auto finding = signature_algorithm_finding(request.signature_algorithm(), request.signature_parameters())) {
    return std::unexpected<Finding>(std::move(*finding));
  }
  const auto algorithm = accepted_signature_algorithm(request.signature_algorithm());
  const int type = EVP_PKEY_get_base_id(request.key().get());
  if (type != EVP_PKEY_RSA && type != EVP_PKEY_EC && type != EVP_PKEY_ED25519) {
    return refuse("key.algorithm", fmt::format("the key is {}; only RSA and EC keys are accepted: make a new key",
                                               request.key().description()));
  }
  if (type == EVP_PKEY_RSA && !can_verify(request.key())) {
    return refuse("key.rsa-exponent",
                  fmt::format("the RSA public exponent is longer than {} bits in a key of {}, and no program of this "
                              "kind can check its signatures; make a new key with exponent 65537",
                              OPENSSL_RSA_MAX_PUBEXP_BITS, request.key().bits()));
  }
  if (!fits(algorithm->family, request.key())) {
    return refuse("signature.algorithm",
                  fmt::format("the request names the signature algorithm {}, but its key is {}; "
                              "make the request again with the key that it is for",
                              der::oid_name(request.signature_algorithm()), request.key().description()));
  }
  if (!request.key().verifies(request.to_be_signed(), request.signature(), algorithm->hash)) {
    return refuse(
        "signature.mismatch",
        "the signature is not that of the key in the request, or the request was changed after it was signed; "
        "make the request again on the machine that holds the key");
  }
  return VerifiedCsr(std::move(request));
}

}  // namespace sealroom
