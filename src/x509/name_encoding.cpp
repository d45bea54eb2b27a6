#include "name_encoding.hpp"

#include <algorithm>
#include <cstdint>
#include <string_view>

#include <openssl/asn1.h>

namespace sealroom {
namespace {

bool is_scalar_value(std::uint32_t c) { return c <= 0x10ffff && (c < 0xd800 || c > 0xdfff); }

// RFC 3629 section 4: shortest forms, no surrogates, nothing above U+10FFFF.
bool is_utf8(ByteView value) {
  for (std::size_t at = 0; at < value.size();) {
    const std::uint8_t first = value[at++];
    if (first < 0x80) continue;
    const int more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1;
    if (first < 0xc2 || first > 0xf4 || value.size() - at < static_cast<std::size_t>(more)) return false;
    std::uint32_t c = first & (0x3fu >> more);
    for (int i = 0; i < more; ++i) {
      const std::uint8_t next = value[at++];
      if ((next & 0xc0) != 0x80) return false;
      c = c << 6 | (next & 0x3fu);
    }
    constexpr std::uint32_t least[] = {0x80, 0x800, 0x10000};
    if (c < least[more - 1] || !is_scalar_value(c)) return false;
  }
  return true;
}

// Characters of `width` octets each, most significant first.
bool is_wide(ByteView value, std::size_t width) {
  if (value.size() % width != 0) return false;
  for (std::size_t at = 0; at < value.size(); at += width) {
    std::uint32_t c = 0;
    for (const auto octet : value.subspan(at, width)) c = c << 8 | octet;
    if (!is_scalar_value(c)) return false;
  }
  return true;
}

bool is_printable_character(std::uint8_t c) {
  const bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
  return letter || (c >= '0' && c <= '9') ||
         std::string_view(" '()+,-./:=?").find(static_cast<char>(c)) != std::string_view::npos;
}

}  // namespace

const char* string_fault(int type, ByteView value) {
  switch (type) {
    case V_ASN1_UTF8STRING:
      return is_utf8(value) ? nullptr : "is not UTF-8";
    case V_ASN1_PRINTABLESTRING:
      return std::ranges::all_of(value, is_printable_character) ? nullptr
                                                                : "holds characters that a PrintableString cannot hold";
    case V_ASN1_NUMERICSTRING:
      return std::ranges::all_of(value, [](auto c) { return c == ' ' || (c >= '0' && c <= '9'); })
                 ? nullptr
                 : "holds characters that a NumericString cannot hold";
    case V_ASN1_IA5STRING:
      return std::ranges::all_of(value, [](auto c) { return c < 0x80; }) ? nullptr : "holds octets that are not ASCII";
    case V_ASN1_BMPSTRING:
      return is_wide(value, 2) ? nullptr : "is not UCS-2";
    case V_ASN1_UNIVERSALSTRING:
      return is_wide(value, 4) ? nullptr : "is not UCS-4";
    case V_ASN1_T61STRING:
    case V_ASN1_BIT_STRING:
      return nullptr;
    default:
      return "is of a type that no attribute of a name has";
  }
}

}  // namespace sealroom
