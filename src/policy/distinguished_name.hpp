#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "conf_scanner.hpp"
#include "sealroom/base/bytes.hpp"
#include "sealroom/base/error.hpp"

namespace sealroom {

// Dotted decimal OID of an attribute type that OpenSSL knows by `name` ("countryName", "C"); nothing for a name that
// it does not know, or knows as something else ("sha256").
std::optional<std::string> attribute_type_oid(std::string_view name);

// The ASN1_STRING_TABLE mask that [req] string_mask stands for; nothing for anything but its four names.
std::optional<unsigned long> string_mask_of(std::string_view name);

// DER Name that `openssl req` makes of `section` with prompt = no (apps/req.c, auto_info): one attribute a set, in
// order, string types by `mask` and OpenSSL's table. A key may carry a number ("1.organizationalUnitName").
// Errors (Usage, with file and line): an attribute type OpenSSL does not know, a multi-valued part ("+CN"), a value
// that does not fit its type or length, no part at all.
Result<Bytes> distinguished_name(std::string_view file, const ConfSection& section, unsigned long mask);

}  // namespace sealroom
