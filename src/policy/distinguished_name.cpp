#include "distinguished_name.hpp"

#include <fmt/format.h>
#include <openssl/err.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "sealroom/base/text.hpp"
#include "sealroom/crypto/crypto.hpp"

namespace sealroom {
namespace {

using OwnedString = Owned<ASN1_STRING, ASN1_STRING_free>;

// What OpenSSL takes for a type that its table does not have (DIRSTRING_TYPE of crypto/asn1/a_strnid.c).
constexpr unsigned long kDirectoryString =
    B_ASN1_PRINTABLESTRING | B_ASN1_T61STRING | B_ASN1_BMPSTRING | B_ASN1_UTF8STRING;

// Arcs below which OpenSSL has attribute types: X.520, RFC 4524 and 2247, PKCS#9, EV jurisdictions.
constexpr std::array<std::string_view, 4> kArcs = {"2.5.4.", "0.9.2342.19200300.100.1.", "1.2.840.113549.1.9.",
                                                   "1.3.6.1.4.1.311.60.2.1."};

// Drops the number in "1.organizationName". auto_info drops more; only digits have a sense.
std::string_view without_number(std::string_view key) {
  const auto dot = key.find('.');
  if (dot == std::string_view::npos || dot == 0) return key;
  const auto number = key.substr(0, dot);
  return number.find_first_not_of("0123456789") == std::string_view::npos ? key.substr(dot + 1) : key;
}

OwnedString string_of(const std::string& value, int nid, unsigned long mask) {
  const ASN1_STRING_TABLE* row = ASN1_STRING_TABLE_get(nid);
  const long least = row != nullptr ? row->minsize : 0;
  const long most = row != nullptr ? row->maxsize : 0;
  unsigned long types = row != nullptr ? row->mask : kDirectoryString;
  if (row == nullptr || (row->flags & STABLE_NO_MASK) == 0) types &= mask;
  ASN1_STRING* made = nullptr;
  const auto* octets = reinterpret_cast<const unsigned char*>(value.data());
  if (ASN1_mbstring_ncopy(&made, octets, static_cast<int>(value.size()), MBSTRING_ASC, types, least, most) < 0) {
    return nullptr;
  }
  return OwnedString(made);
}

}  // namespace

std::optional<std::string> attribute_type_oid(std::string_view name) {
  const int nid = OBJ_txt2nid(std::string(name).c_str());
  if (nid == NID_undef) {
    ERR_clear_error();
    return std::nullopt;
  }
  char text[128];
  const int size = OBJ_obj2txt(text, sizeof text, OBJ_nid2obj(nid), 1);
  if (size <= 0 || static_cast<std::size_t>(size) >= sizeof text) return std::nullopt;
  const std::string oid = text;
  if (std::ranges::none_of(kArcs, [&](std::string_view arc) { return oid.starts_with(arc); })) return std::nullopt;
  return oid;
}

std::optional<unsigned long> string_mask_of(std::string_view name) {
  if (name == "utf8only") return B_ASN1_UTF8STRING;
  if (name == "pkix") return ~static_cast<unsigned long>(B_ASN1_T61STRING);
  if (name == "nombstr") return ~static_cast<unsigned long>(B_ASN1_BMPSTRING | B_ASN1_UTF8STRING);
  if (name == "default") return 0xFFFFFFFFUL;
  return std::nullopt;
}

Result<Bytes> distinguished_name(std::string_view file, const ConfSection& section, unsigned long mask) {
  const OwnedName name(X509_NAME_new());
  if (!name) std::abort();
  for (const ConfLine& part : section.lines) {
    const std::string where = conf_position(file, part.line);
    const std::string_view type = without_number(part.key);
    if (type.starts_with('+')) {
      return fail(ErrorKind::Usage,
                  fmt::format("{}: {}: name parts with several values are not accepted", where, type));
    }
    if (!attribute_type_oid(type)) {
      return fail(ErrorKind::Usage, fmt::format("{}: {} is not the name of an attribute type", where, type));
    }
    const int nid = OBJ_txt2nid(std::string(type).c_str());
    const OwnedString value = string_of(part.value, nid, mask);
    if (!value) {
      return fail(ErrorKind::Usage,
                  fmt::format("{}: \"{}\" cannot be a {}: {}", where, printable(part.value), type, openssl_errors()),
                  "with prompt = no the keys of this section hold the values themselves, not the prompts");
    }
    if (ASN1_STRING_type(value.get()) == V_ASN1_T61STRING || ASN1_STRING_type(value.get()) == V_ASN1_BMPSTRING) {
      return fail(ErrorKind::Usage,
                  fmt::format("{}: \"{}\" would be a TeletexString or BMPString, which no new name may have", where,
                              printable(part.value)),
                  "write string_mask = utf8only (RFC 5280 section 4.1.2.4)");
    }
    const OwnedNameEntry entry(X509_NAME_ENTRY_create_by_NID(nullptr, nid, ASN1_STRING_type(value.get()),
                                                             ASN1_STRING_get0_data(value.get()),
                                                             ASN1_STRING_length(value.get())));
    if (!entry || X509_NAME_add_entry(name.get(), entry.get(), -1, 0) != 1) std::abort();
  }
  if (section.lines.empty()) {
    return fail(ErrorKind::Usage,
                fmt::format("{}: section [{}] has no name part", conf_position(file, section.line), section.name));
  }
  return der_of(name.get(), i2d_X509_NAME);
}

}  // namespace sealroom
