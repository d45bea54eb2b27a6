#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "sealroom/base/bytes.hpp"
#include "sealroom/policy/issuer_config.hpp"

// What extensions allow a key to do: basicConstraints, keyUsage, extendedKeyUsage and nsCertType, read the same way
// from a request, a profile's section and a certificate.
namespace sealroom {

inline constexpr std::string_view kSubjectKeyIdentifier = "2.5.29.14";
inline constexpr std::string_view kKeyUsage = "2.5.29.15";
inline constexpr std::string_view kAlternativeName = "2.5.29.17";
inline constexpr std::string_view kBasicConstraints = "2.5.29.19";
inline constexpr std::string_view kAuthorityKeyIdentifier = "2.5.29.35";
inline constexpr std::string_view kExtendedKeyUsage = "2.5.29.37";
inline constexpr std::string_view kNetscapeCertType = "2.16.840.1.113730.1.1";
inline constexpr std::string_view kNetscapeComment = "2.16.840.1.113730.1.13";

inline constexpr std::string_view kServerAuth = "1.3.6.1.5.5.7.3.1";
inline constexpr std::string_view kClientAuth = "1.3.6.1.5.5.7.3.2";
inline constexpr std::string_view kAnyExtendedKeyUsage = "2.5.29.37.0";

// Bits as RFC 5280 section 4.2.1.3 numbers them, bit 0 lowest here.
inline constexpr std::uint32_t kKeyCertSignBit = 1u << 5;
inline constexpr std::uint32_t kCrlSignBit = 1u << 6;
inline constexpr std::uint32_t kDataEnciphermentBit = 1u << 3;
inline constexpr std::uint32_t kKeyAgreementBit = 1u << 4;
inline constexpr std::uint32_t kAgreementBits = kKeyAgreementBit | 1u << 7 | 1u << 8;  // and encipher-, decipherOnly

// The three CA bits of nsCertType.
inline constexpr std::uint32_t kNetscapeCaBits = 1u << 5 | 1u << 6 | 1u << 7;

struct CaConstraints {
  bool ca = false;
  std::optional<long> path_length;
};

// Each gives nothing when `value` (contents of the extension) is not the DER of its type.
std::optional<CaConstraints> read_constraints(ByteView value);
std::optional<std::uint32_t> read_usage_bits(ByteView value);  // keyUsage and nsCertType
std::optional<std::vector<std::string>> read_extended_key_usage(ByteView value);

// "keyCertSign, cRLSign": the names of `bits` of the extension `oid` (kKeyUsage or kNetscapeCertType).
std::string usage_names(std::string_view oid, std::uint32_t bits);

// What an extension section puts into a certificate.
struct SectionUsages {
  std::set<std::string, std::less<>> extensions;  // oids
  CaConstraints constraints;
  std::uint32_t key_usage = 0;
  std::uint32_t netscape_type = 0;
  std::set<std::string, std::less<>> extended_key_usage;  // oids
};

// The usages of `section`. What OpenSSL cannot make is left out; building the certificate will say so.
SectionUsages usages_of_section(const IssuerConfig& issuer, std::string_view section);

// "subjectAltName": OpenSSL's short name for the dotted `oid`, or the oid.
std::string short_name_of(std::string_view oid);

}  // namespace sealroom
