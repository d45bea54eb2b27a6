#include "sealroom/x509/request.hpp"

#include <algorithm>
#include <cstdlib>

#include <fmt/format.h>

#include "der_reader.hpp"
#include "name_encoding.hpp"
#include "request_attributes.hpp"
#include "request_envelope.hpp"
#include "request_key.hpp"
#include "sealroom/base/text.hpp"
#include "sealroom/crypto/crypto.hpp"
#include "sealroom/x509/name.hpp"
#include "signature_algorithm.hpp"

namespace sealroom {
namespace {

// A hostile request can break one rule thousands of times; a report needs no more than this.
constexpr std::size_t kMostFindings = 100;

constexpr const char* kMakeAgain = "make the request again, for example with openssl req -new";

Finding from_fault(const der::Fault& fault, const RequestLimits& limits) {
  switch (fault.kind) {
    case der::FaultKind::Encoding:
      return {"request.not-der",
              fmt::format("the request is not DER: {} (at octet {}); {}", fault.reason, fault.offset, kMakeAgain)};
    case der::FaultKind::Nesting:
      return {"request.nesting",
              fmt::format("values in the request are nested more than {} deep (at octet {}; limits in "
                          "sealroom.yaml); {}",
                          limits.nesting, fault.offset, kMakeAgain)};
    case der::FaultKind::Trailing:
      return {"request.trailing-octets",
              fmt::format("{} (at octet {}); bring the request alone in its file", fault.reason, fault.offset)};
  }
  std::abort();
}

// PKCS#8, PKCS#1 and SEC 1 private keys and PKCS#12 stores begin with a version; an EncryptedPrivateKeyInfo is an
// algorithm and an OCTET STRING.
bool looks_like_private_key(const der::Value& value) {
  der::Reader parts(value.contents);
  const auto first = parts.next();
  const auto second = parts.next();
  if (!first || !second) return false;
  if (first->identifier == der::kInteger) return first->contents.size() == 1 && first->contents[0] <= 3;
  return first->identifier == der::kSequence && second->identifier == der::kOctetString && parts.done();
}

// A Certificate's inner SEQUENCE begins with [0] version.
bool looks_like_certificate(const der::Value& value) {
  const auto inner = der::Reader(value.contents).next(der::kSequence);
  return inner && der::Reader(inner->contents).next_is(der::kContext0);
}

}  // namespace

// Fills a ParsedRequest part by part, gathering findings on the way.
class RequestParser {
 public:
  explicit RequestParser(const RequestLimits& limits) : limits_(limits) {}

  std::expected<ParsedRequest, Findings> parse(ByteView file) {
    if (file.size() > limits_.octets) {
      add("request.too-large",
          fmt::format("the file has {} octets, more than the limit of {} (limits in sealroom.yaml)", file.size(),
                      limits_.octets));
    } else if (auto der = open_request_file(file, findings_)) {
      read(std::move(*der));
    }
    if (findings_.empty()) return std::move(request_);
    if (findings_.size() > kMostFindings) findings_.resize(kMostFindings);
    return std::unexpected<Findings>(std::move(findings_));
  }

 private:
  void add(const char* id, std::string detail) { findings_.push_back({id, std::move(detail)}); }

  void not_pkcs10(const char* what) {
    add("request.not-pkcs10", fmt::format("the file is not a PKCS#10 request: {}; {}", what, kMakeAgain));
  }

  void read(Bytes der) {
    if (const auto fault = der::check(der, limits_.nesting)) {
      findings_.push_back(from_fault(*fault, limits_));
      return;
    }
    request_.der_ = std::move(der);
    request_.digest_ = sha256(request_.der_);
    if (!read_request(*der::Reader(request_.der_).next())) return;
    if (findings_.empty()) {
      compare_with_openssl();
    } else {
      add_signature_finding();
    }
  }

  // CertificationRequest ::= SEQUENCE { certificationRequestInfo, signatureAlgorithm, signature BIT STRING }
  bool read_request(const der::Value& whole) {
    der::Reader parts(whole.contents);
    const auto info = parts.next(der::kSequence);
    const auto algorithm = parts.next(der::kSequence);
    const auto bits = parts.next(der::kBitString);
    const auto signature = bits ? der::whole_octets(*bits) : std::nullopt;
    if (whole.identifier != der::kSequence || !info || !algorithm || !signature || !parts.done()) {
      report_other_shape(whole);
      return false;
    }
    request_.to_be_signed_ = copy(info->whole);
    request_.signature_ = copy(*signature);
    return read_signature_algorithm(*algorithm) && read_info(*info);
  }

  void report_other_shape(const der::Value& whole) {
    if (looks_like_private_key(whole)) {
      return add(
          "request.private-key",
          "the file holds a private key (or a PKCS#12 store), not a request; treat that key as disclosed: make a "
          "new key, keep it where it is used, and bring a request only");
    }
    not_pkcs10("it has not the three parts of a request");
  }

  bool read_signature_algorithm(const der::Value& algorithm) {
    der::Reader parts(algorithm.contents);
    const auto oid = parts.next(der::kOid);
    const auto parameters = parts.next();
    if (!oid || !parts.done()) {
      not_pkcs10("its signature algorithm is not an identifier and parameters");
      return false;
    }
    request_.signature_algorithm_ = der::oid_text(oid->contents);
    if (parameters) request_.signature_parameters_ = copy(parameters->whole);
    return true;
  }

  // CertificationRequestInfo ::= SEQUENCE { version INTEGER, subject Name, subjectPKInfo, attributes [0] }
  //
  // RFC 2986 does not make the attributes optional; old tools leave them out all the same, and no reader is in doubt.
  bool read_info(const der::Value& info) {
    der::Reader parts(info.contents);
    const auto version = parts.next(der::kInteger);
    const auto subject = parts.next(der::kSequence);
    const auto key = parts.next(der::kSequence);
    const auto attributes = parts.next(der::kContext0);
    if (!version || !subject || !key || !parts.done()) {
      der::Reader whole(request_.der_);
      not_pkcs10(looks_like_certificate(*whole.next()) ? "it is a certificate"
                                                       : "it has not version, subject, public key and attributes");
      return false;
    }
    if (version->contents.size() != 1 || version->contents[0] != 0) {
      add("request.version",
          fmt::format("the version number in the request is {}, where 0 (version 1) is right; {}",
                      version->contents.size() == 1 ? fmt::format("{}", version->contents[0]) : "a long number",
                      kMakeAgain));
    }
    read_subject(*subject);
    request_.key_ = read_request_key(*key, findings_);
    if (attributes) {
      auto read = read_request_attributes(attributes->contents, limits_, findings_);
      request_.extensions_ = std::move(read.extensions);
      request_.attributes_ = std::move(read.attributes);
    }
    return true;
  }

  void read_subject(const der::Value& subject) {
    request_.subject_ = copy(subject.whole);
    const auto entries = name_entries(subject.whole);
    if (!entries) return not_pkcs10("its subject is not a distinguished name");
    if (entries->size() > limits_.name_entries) {
      return add("request.name-entries", fmt::format("the subject has {} parts, more than the limit of {} (limits in "
                                                     "sealroom.yaml); make the request again with a shorter subject",
                                                     entries->size(), limits_.name_entries));
    }
    for (const auto& entry : *entries) {
      const char* fault = string_fault(entry.string_type, entry.value);
      if (fault == nullptr) continue;
      add("request.name-encoding",
          fmt::format("subject {}={} {}; make the request again with -utf8", entry.short_name(),
                      printable(as_text(ByteView(entry.value).first(std::min<std::size_t>(entry.value.size(), 64)))),
                      fault));
    }
  }

  // What can still be said about the signature of a request that is refused already.
  void add_signature_finding() {
    auto finding = signature_algorithm_finding(request_.signature_algorithm_, request_.signature_parameters_);
    if (!finding && request_.key_) {
      auto verified = VerifiedCsr::verify(request_);
      if (!verified) finding = std::move(verified.error());
    }
    if (finding) findings_.push_back(std::move(*finding));
  }

  // Our own reading decides; this notices a request that OpenSSL, which signs later, would read otherwise. The key was read
  // already, and is made of numbers that OpenSSL has judged.
  void compare_with_openssl() {
    const unsigned char* next = request_.der_.data();
    const OwnedReq decoded(
        reinterpret_cast<X509_REQ*>(ASN1_item_d2i_ex(nullptr, &next, static_cast<long>(request_.der_.size()),
                                                     ASN1_ITEM_rptr(X509_REQ), without_algorithms(), nullptr)));
    openssl_errors();
    if (!decoded) return not_pkcs10("OpenSSL cannot decode it");
    unsigned char* again = nullptr;
    const int size = i2d_re_X509_REQ_tbs(decoded.get(), &again);
    const OwnedMemory memory(again);
    if (size <= 0 || !equal({again, static_cast<std::size_t>(size)}, request_.to_be_signed_)) {
      add("request.not-der",
          fmt::format("the request is not DER: encoding it again gives other octets; {}", kMakeAgain));
    }
  }

  const RequestLimits& limits_;
  Findings findings_;
  ParsedRequest request_;
};

std::expected<ParsedRequest, Findings> ParsedRequest::parse(ByteView octets, const RequestLimits& limits) {
  return RequestParser(limits).parse(octets);
}

}  // namespace sealroom
