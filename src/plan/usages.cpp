#include "usages.hpp"

#include <array>

#include "sealroom/crypto/crypto.hpp"
#include "sealroom/crypto/owned.hpp"

namespace sealroom {
namespace {

using OwnedConstraints = Owned<BASIC_CONSTRAINTS, BASIC_CONSTRAINTS_free>;
using OwnedBits = Owned<ASN1_BIT_STRING, ASN1_BIT_STRING_free>;
using OwnedUsages = Owned<EXTENDED_KEY_USAGE, EXTENDED_KEY_USAGE_free>;

// The object in `value`, when that is its DER with nothing behind it.
template <class Holder, class D2i, class I2d>
Holder decode(ByteView value, D2i d2i, I2d i2d) {
  const unsigned char* next = value.data();
  Holder object(d2i(nullptr, &next, static_cast<long>(value.size())));
  if (object && next == value.data() + value.size() && der_of(object.get(), i2d) == copy(value)) return object;
  openssl_errors();
  return nullptr;
}

std::string dotted(const ASN1_OBJECT* object) {
  std::array<char, 256> text{};
  OBJ_obj2txt(text.data(), static_cast<int>(text.size()), object, 1);
  return text.data();
}

}  // namespace

std::optional<CaConstraints> read_constraints(ByteView value) {
  const auto decoded = decode<OwnedConstraints>(value, d2i_BASIC_CONSTRAINTS, i2d_BASIC_CONSTRAINTS);
  if (!decoded) return std::nullopt;
  CaConstraints made{decoded->ca != 0, std::nullopt};
  if (decoded->pathlen != nullptr) {
    const long length = ASN1_INTEGER_get(decoded->pathlen);
    if (length < 0 || !made.ca) return std::nullopt;  // RFC 5280 section 4.2.1.9
    made.path_length = length;
  }
  return made;
}

std::optional<std::uint32_t> read_usage_bits(ByteView value) {
  const auto decoded = decode<OwnedBits>(value, d2i_ASN1_BIT_STRING, i2d_ASN1_BIT_STRING);
  if (!decoded || decoded->length == 0 || decoded->length > 4) return std::nullopt;
  // A list of named bits ends with a bit that is set (X.690 section 11.2.2); OpenSSL reads any number of zeros there.
  if ((value.back() >> (value[2] & 7) & 1) == 0) return std::nullopt;
  std::uint32_t bits = 0;
  for (int i = 0; i < 32; ++i) {
    if (ASN1_BIT_STRING_get_bit(decoded.get(), i) != 0) bits |= 1u << i;
  }
  return bits;
}

std::optional<std::vector<std::string>> read_extended_key_usage(ByteView value) {
  const auto decoded = decode<OwnedUsages>(value, d2i_EXTENDED_KEY_USAGE, i2d_EXTENDED_KEY_USAGE);
  if (!decoded || sk_ASN1_OBJECT_num(decoded.get()) == 0) return std::nullopt;
  std::vector<std::string> oids;
  for (int i = 0; i < sk_ASN1_OBJECT_num(decoded.get()); ++i)
    oids.push_back(dotted(sk_ASN1_OBJECT_value(decoded.get(), i)));
  return oids;
}

std::string usage_names(std::string_view oid, std::uint32_t bits) {
  static constexpr std::array<std::string_view, 9> kKeyUsages{"digitalSignature", "nonRepudiation", "keyEncipherment",
                                                              "dataEncipherment", "keyAgreement",   "keyCertSign",
                                                              "cRLSign",          "encipherOnly",   "decipherOnly"};
  static constexpr std::array<std::string_view, 8> kNetscapeTypes{"client",   "server", "email",   "objsign",
                                                                  "reserved", "sslCA",  "emailCA", "objCA"};
  const std::span<const std::string_view> names = oid == kKeyUsage ? std::span<const std::string_view>(kKeyUsages)
                                                                   : std::span<const std::string_view>(kNetscapeTypes);
  std::string text;
  for (std::size_t i = 0; i < 32; ++i) {
    if ((bits >> i & 1u) == 0) continue;
    if (!text.empty()) text += ", ";
    text += i < names.size() ? std::string(names[i]) : "bit " + std::to_string(i);
  }
  return text;
}

SectionUsages usages_of_section(const IssuerConfig& issuer, std::string_view section) {
  X509V3_CTX context;
  X509V3_set_ctx_test(&context);
  X509V3_set_nconf(&context, issuer.conf());
  STACK_OF(X509_EXTENSION)* raw = nullptr;
  X509V3_EXT_add_nconf_sk(issuer.conf(), &context, std::string(section).c_str(), &raw);
  openssl_errors();
  const OwnedExtensions all(raw);

  SectionUsages usages;
  for (int i = 0; i < sk_X509_EXTENSION_num(all.get()); ++i) {
    X509_EXTENSION* extension = sk_X509_EXTENSION_value(all.get(), i);
    const auto oid = dotted(X509_EXTENSION_get_object(extension));
    const ASN1_OCTET_STRING* octets = X509_EXTENSION_get_data(extension);
    const ByteView value(ASN1_STRING_get0_data(octets), static_cast<std::size_t>(ASN1_STRING_length(octets)));
    usages.extensions.insert(oid);
    if (oid == kBasicConstraints) usages.constraints = read_constraints(value).value_or(CaConstraints{});
    if (oid == kKeyUsage) usages.key_usage = read_usage_bits(value).value_or(0);
    if (oid == kNetscapeCertType) usages.netscape_type = read_usage_bits(value).value_or(0);
    if (oid == kExtendedKeyUsage) {
      for (auto& usage : read_extended_key_usage(value).value_or(std::vector<std::string>{})) {
        usages.extended_key_usage.insert(std::move(usage));
      }
    }
  }
  return usages;
}

std::string short_name_of(std::string_view oid) {
  const OwnedObject object(OBJ_txt2obj(std::string(oid).c_str(), 1));
  const int nid = object ? OBJ_obj2nid(object.get()) : NID_undef;
  openssl_errors();
  return nid == NID_undef ? std::string(oid) : OBJ_nid2sn(nid);
}

}  // namespace sealroom
