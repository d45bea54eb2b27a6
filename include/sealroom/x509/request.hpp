#pragma once

#include <chrono>
#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "sealroom/base/bytes.hpp"
#include "sealroom/crypto/public_key.hpp"
#include "sealroom/x509/finding.hpp"

namespace sealroom {

// Bounds on a request (sealroom.yaml, limits). What is counted is counted before it is decoded.
struct RequestLimits {
  std::size_t octets = 65'536;
  std::size_t name_entries = 32;
  std::size_t alternative_names = 100;
  std::size_t attributes = 16;
  std::size_t extensions = 32;
  std::size_t nesting = 16;
  std::chrono::milliseconds time{5'000};  // for the whole examination
};

// One extension that a request asks for (RFC 2986, PKCS#9 extensionRequest).
struct RequestedExtension {
  std::string oid;   // dotted decimal
  std::string name;  // OpenSSL's long or short name where it has one, else the oid
  bool critical = false;
  Bytes value;  // contents of extnValue
  Bytes der;    // the whole Extension as it stood in the request
};

// ParsedRequest is a PKCS#10 request (RFC 2986) in strict DER whose shape is right. Its signature has not been
// checked. Immutable.
class ParsedRequest {
 public:
  // Takes PEM (one block, either header, CRLF, BOM, text before it) or DER. Reports every finding that it can reach:
  // `request.empty`, `request.too-large`, `request.not-pem-or-der`, `request.pem-two-blocks`, `request.private-key`, ...
  static std::expected<ParsedRequest, Findings> parse(ByteView octets, const RequestLimits& limits);

  const Bytes& der() const { return der_; }
  const Digest& digest() const { return digest_; }             // SHA-256 of der()
  const Bytes& to_be_signed() const { return to_be_signed_; }  // CertificationRequestInfo, as it stood
  const Bytes& subject() const { return subject_; }            // DER Name
  const PublicKey& key() const { return *key_; }
  const std::string& signature_algorithm() const { return signature_algorithm_; }  // dotted decimal
  const Bytes& signature_parameters() const { return signature_parameters_; }      // DER, empty when absent
  const Bytes& signature() const { return signature_; }
  const std::vector<RequestedExtension>& extensions() const { return extensions_; }
  const std::vector<std::string>& attributes() const { return attributes_; }  // oids, extensionRequest included

 private:
  ParsedRequest() = default;
  friend class RequestParser;
  Bytes der_;
  Digest digest_{};
  Bytes to_be_signed_;
  Bytes subject_;
  std::optional<PublicKey> key_;
  std::string signature_algorithm_;
  Bytes signature_parameters_;
  Bytes signature_;
  std::vector<RequestedExtension> extensions_;
  std::vector<std::string> attributes_;
};

// VerifiedCsr is a request whose signature was checked, over the original octets, with the public key that it
// carries: proof of possession. Holding one is the proof; verify() is the only maker.
class VerifiedCsr {
 public:
  // Refuses with `signature.algorithm` (only SHA-256/384/512 with RSA PKCS#1 v1.5 or ECDSA, and Ed25519; SHA-1 and MD5
  // never), `signature.parameters`, `signature.mismatch`, `key.algorithm`, or `key.rsa-exponent` when the exponent is
  // too long for any signature to be verified. Whether Ed25519 keys are wanted is for others to say.
  static std::expected<VerifiedCsr, Finding> verify(ParsedRequest request);

  const ParsedRequest& request() const { return request_; }

 private:
  explicit VerifiedCsr(ParsedRequest request) : request_(std::move(request)) {}
  ParsedRequest request_;
};

}  // namespace sealroom
