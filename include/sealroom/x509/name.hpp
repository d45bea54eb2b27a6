#pragma once

#include <string>
#include <vector>

#include "sealroom/base/bytes.hpp"
#include "sealroom/base/error.hpp"

namespace sealroom {

// One attribute of a distinguished name (RFC 5280 section 4.1.2.4), as its octets say.
struct NameEntry {
  std::string oid;      // dotted decimal
  int string_type = 0;  // V_ASN1_UTF8STRING, ...
  Bytes value;          // contents octets
  int set = 0;          // entries of one RelativeDistinguishedName share it

  std::string short_name() const;  // "CN", or the dotted oid where OpenSSL knows none
};

// The entries of a DER Name in order; Failed when it is not one.
Result<std::vector<NameEntry>> name_entries(ByteView name_der);

// "C=DE, ST=Bavaria, CN=broker", values made printable; "(no subject)" for an empty name, "(not a name)" for rubbish.
std::string printable_name(ByteView name_der);

}  // namespace sealroom
