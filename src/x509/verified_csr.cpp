#include <fmt/format.h>

#include "der_reader.hpp"
#include "sealroom/x509/request.hpp"
#include "signature_algorithm.hpp"

namespace sealroom {
namespace {

std::unexpected<Finding> refuse(const char* id, std::string detail) {
  return std::unexpected<Finding>(Finding{id, std::move(detail)});
}

}  // namespace

std::expected<VerifiedCsr, Finding> VerifiedCsr::verify(ParsedRequest request) {
  if (auto finding = signature_algorithm_finding(request.signature_algorithm(), request.signature_parameters())) {
    return std::unexpected<Finding>(std::move(*finding));
  }
  const auto algorithm = accepted_signature_algorithm(request.signature_algorithm());
  const int type = EVP_PKEY_get_base_id(request.key().get());
  if (type != EVP_PKEY_RSA && type != EVP_PKEY_EC) {
    return refuse("key.algorithm", fmt::format("the key is {}; only RSA and EC keys are accepted: make a new key",
                                               request.key().description()));
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
