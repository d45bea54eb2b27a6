#pragma once

#include "sealroom/base/bytes.hpp"

namespace sealroom {

// Why `value` cannot stand in a name as ASN.1 type `type` (V_ASN1_UTF8STRING, ...; X.680 section 41, RFC 3629); nullptr
// when it can. Of a TeletexString or BIT STRING any octets are taken.
const char* string_fault(int type, ByteView value);

}  // namespace sealroom
