#include "sealroom/x509/certificate.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "der_reader.hpp"
#include "extension_values.hpp"
#include "sealroom/crypto/crypto.hpp"
#include "sealroom/x509/name.hpp"
#include "sealroom/x509/signed_octets.hpp"
#include "validity_time.hpp"

namespace sealroom {
namespace {

constexpr std::uint8_t kIssuerUniqueId = 0x81;   // [1] IMPLICIT BIT STRING
constexpr std::uint8_t kSubjectUniqueId = 0x82;  // [2]
constexpr std::uint8_t kExtensions = 0xa3;       // [3] EXPLICIT

constexpr const char* kBasicConstraints = "2.5.29.19";
constexpr const char* kKeyUsage = "2.5.29.15";

std::unexpected<Error> refuse(std::string why) {
  return fail(ErrorKind::Failed, "certificate: " + std::move(why), "bring the certificate again, in DER or PEM");
}

// RFC 5280 section 4.1.2.1: version 1 is the default and not spelled out, extensions make it version 3.
bool is_version(const std::optional<der::Value>& explicit_version, bool has_extensions) {
  if (!explicit_version) return !has_extensions;
  der::Reader content(explicit_version->contents);
  const auto number = content.next(der::kInteger);
  if (!number || !content.done() || number->contents.size() != 1) return false;
  return number->contents[0] == 2 || (number->contents[0] == 1 && !has_extensions);
}

}  // namespace

struct Certificate::Parts {
  Bytes der;
  Digest digest{};
  Bytes to_be_signed;
  Bytes subject;
  Bytes issuer;
  Bytes serial;
  Instant not_before;
  Instant not_after;
  ByteView subject_public_key_info;  // in to_be_signed
  std::optional<PublicKey> key;
  std::vector<CertificateExtension> extensions;
  BasicConstraints constraints;
  bool key_cert_sign = true;
  std::optional<SignedOctets> octets;  // of der
  OwnedX509 decoded;

  Result<Done> read_to_be_signed(const der::Value& tbs);
  Result<Done> read_validity(const der::Value& validity);
  Result<Done> read_extensions(const der::Value& wrapper);
  Result<Done> read_extension(const der::Value& extension);
  Result<Done> read_meaning();
  Result<Done> decode();
  Result<Done> decode(const PublicKey& known);
  Result<Done> compare_encoding() const;
};

Result<Done> Certificate::Parts::read_to_be_signed(const der::Value& tbs) {
  der::Reader parts(tbs.contents);
  const auto version = parts.next(der::kContext0);
  const auto number = parts.next(der::kInteger);
  const auto algorithm = parts.next(der::kSequence);
  const auto issuer_name = parts.next(der::kSequence);
  const auto validity = parts.next(der::kSequence);
  const auto subject_name = parts.next(der::kSequence);
  const auto spki = parts.next(der::kSequence);
  if (!number || !algorithm || !issuer_name || !validity || !subject_name || !spki) {
    return refuse("has not the parts that RFC 5280 asks for");
  }
  static_cast<void>(parts.next(kIssuerUniqueId));
  static_cast<void>(parts.next(kSubjectUniqueId));
  const auto wrapper = parts.next(kExtensions);
  if (!parts.done()) return refuse("has parts that RFC 5280 does not know");
  if (!is_version(version, wrapper.has_value())) return refuse("its version does not fit its parts, or is no version");
  if (!name_entries(issuer_name->whole) || !name_entries(subject_name->whole)) {
    return refuse("its issuer or subject is not a distinguished name");
  }
  serial = copy(number->contents);
  issuer = copy(issuer_name->whole);
  subject = copy(subject_name->whole);
  subject_public_key_info = spki->whole;
  if (auto read = read_validity(*validity); !read) return read;
  if (wrapper) {
    if (auto read = read_extensions(*wrapper); !read) return read;
  }
  return read_meaning();
}

Result<Done> Certificate::Parts::read_validity(const der::Value& validity) {
  der::Reader times(validity.contents);
  const auto first = times.next();
  const auto last = times.next();
  const auto begin = first ? read_validity_time(*first) : std::nullopt;
  const auto end = last ? read_validity_time(*last) : std::nullopt;
  if (!begin || !end || !times.done()) return refuse("its validity is not two times in UTC");
  not_before = *begin;
  not_after = *end;
  return Done{};
}

Result<Done> Certificate::Parts::read_extensions(const der::Value& wrapper) {
  der::Reader content(wrapper.contents);
  const auto list = content.next(der::kSequence);
  if (!list || !content.done()) return refuse("its extensions are no sequence");
  der::Reader all(list->contents);
  while (!all.done()) {
    if (auto read = read_extension(*all.next()); !read) return read;
  }
  return Done{};
}

Result<Done> Certificate::Parts::read_extension(const der::Value& extension) {
  der::Reader parts(extension.contents);
  const auto oid = extension.identifier == der::kSequence ? parts.next(der::kOid) : std::nullopt;
  const auto critical = parts.next(der::kBoolean);
  const auto value = parts.next(der::kOctetString);
  if (!oid || !value || !parts.done()) return refuse("an extension has not its shape");
  CertificateExtension read{der::oid_text(oid->contents), critical && critical->contents[0] != 0,
                            copy(value->contents)};
  if (critical && !read.critical) return refuse("is not DER: an extension spells out that it is not critical");
  if (std::ranges::any_of(extensions, [&](const auto& other) { return other.oid == read.oid; })) {
    return refuse(fmt::format("extension {} stands twice", der::oid_name(read.oid)));
  }
  extensions.push_back(std::move(read));
  return Done{};
}

Result<Done> Certificate::Parts::read_meaning() {
  for (const auto& extension : extensions) {
    if (extension.oid == kBasicConstraints) {
      const auto read = read_basic_constraints(extension.value);
      if (!read) return refuse("basicConstraints cannot be decoded");
      constraints = *read;
    } else if (extension.oid == kKeyUsage) {
      const auto read = read_key_cert_sign(extension.value);
      if (!read) return refuse("keyUsage cannot be decoded");
      key_cert_sign = *read;
    }
  }
  return Done{};
}

Result<Done> Certificate::Parts::decode() {
  const unsigned char* next = der.data();
  decoded.reset(d2i_X509(nullptr, &next, static_cast<long>(der.size())));
  if (auto compared = compare_encoding(); !compared) return compared;
  auto public_key = PublicKey::decoded_from(subject_public_key_info, X509_get0_pubkey(decoded.get()));
  if (!public_key) return pass_on(public_key, "certificate");
  key = std::move(*public_key);
  return Done{};
}

// Searching for a decoder that takes the key costs more than all else that is done with a certificate. OpenSSL writes
// `known` over the key's octets instead, and that gives the same octets.
Result<Done> Certificate::Parts::decode(const PublicKey& known) {
  if (!equal(subject_public_key_info, known.der())) return refuse("carries another key");
  const unsigned char* next = der.data();
  decoded.reset(reinterpret_cast<X509*>(ASN1_item_d2i_ex(nullptr, &next, static_cast<long>(der.size()),
                                                         ASN1_ITEM_rptr(X509), without_algorithms(), nullptr)));
  if (decoded && X509_set_pubkey(decoded.get(), known.get()) != 1) {
    return refuse(fmt::format("OpenSSL cannot encode its key: {}", openssl_errors()));
  }
  if (auto compared = compare_encoding(); !compared) return compared;
  openssl_errors();  // of the decoder that was not to be found
  key = known;
  return Done{};
}

// What der::check() cannot know: a default that is spelled out, a field out of its type's bounds.
Result<Done> Certificate::Parts::compare_encoding() const {
  if (!decoded) return refuse(fmt::format("OpenSSL cannot decode it: {}", openssl_errors()));
  unsigned char* again = nullptr;
  const int size = i2d_re_X509_tbs(decoded.get(), &again);
  const OwnedMemory memory(again);
  if (size > 0 && equal({again, static_cast<std::size_t>(size)}, to_be_signed)) return Done{};
  return refuse("is not DER: encoding it again gives other octets");
}

Result<std::shared_ptr<Certificate::Parts>> Certificate::read(ByteView der) {
  auto parts = std::make_shared<Parts>();
  parts->der = copy(der);
  parts->digest = sha256(der);
  auto octets = SignedOctets::read(parts->der);
  if (!octets) return pass_on(octets);
  parts->octets = *octets;
  parts->to_be_signed = copy(octets->to_be_signed());
  if (auto read = parts->read_to_be_signed(*der::Reader(parts->to_be_signed).next()); !read) return pass_on(read);
  return parts;
}

Result<Certificate> Certificate::parse(ByteView der) {
  auto parts = read(der);
  if (!parts) return pass_on(parts);
  if (auto decoded = (*parts)->decode(); !decoded) return pass_on(decoded);
  return Certificate(std::move(*parts));
}

Result<Certificate> Certificate::parse_unsigned(ByteView der, const PublicKey& key) {
  auto parts = read(der);
  if (!parts) return pass_on(parts);
  if (auto decoded = (*parts)->decode(key); !decoded) return pass_on(decoded);
  return Certificate(std::move(*parts));
}

const Bytes& Certificate::der() const { return parts_->der; }
const Digest& Certificate::digest() const { return parts_->digest; }
const Bytes& Certificate::to_be_signed() const { return parts_->to_be_signed; }
const Bytes& Certificate::subject() const { return parts_->subject; }
const Bytes& Certificate::issuer() const { return parts_->issuer; }
const Bytes& Certificate::serial() const { return parts_->serial; }
Instant Certificate::not_before() const { return parts_->not_before; }
Instant Certificate::not_after() const { return parts_->not_after; }
const PublicKey& Certificate::key() const { return *parts_->key; }
const std::vector<CertificateExtension>& Certificate::extensions() const { return parts_->extensions; }
bool Certificate::is_ca() const { return parts_->constraints.ca; }
std::optional<long> Certificate::path_length() const { return parts_->constraints.path_length; }
bool Certificate::may_sign_certificates() const { return parts_->key_cert_sign; }
X509* Certificate::get() const { return parts_->decoded.get(); }

std::string Certificate::serial_hex() const {
  const ASN1_INTEGER* number = X509_get0_serialNumber(parts_->decoded.get());
  const ByteView magnitude(ASN1_STRING_get0_data(number), static_cast<std::size_t>(ASN1_STRING_length(number)));
  const bool negative = ASN1_STRING_type(number) == V_ASN1_NEG_INTEGER;
  return (negative ? "-" : "") + (magnitude.empty() ? "00" : to_upper_hex(magnitude));
}

const CertificateExtension* Certificate::extension(std::string_view oid) const {
  for (const auto& extension : parts_->extensions) {
    if (extension.oid == oid) return &extension;
  }
  return nullptr;
}

bool Certificate::signed_by(const PublicKey& issuer) const { return parts_->octets->signed_by(issuer); }

}  // namespace sealroom
