#pragma once

#include <string>

#include "sealroom/base/bytes.hpp"
#include "sealroom/crypto/owned.hpp"

namespace sealroom {

// The Name in `der`; aborts when it is none (callers hold parsed names).
OwnedName decode_name(ByteView der);

// "DE", the value of one entry in printable ASCII.
std::string printable_value(const X509_NAME_ENTRY* entry);

// Whether two names, or two single entries, are the same by RFC 5280 section 7.1: string types do not matter, ASCII
// letters compare without case, blanks at the ends and repeated blanks do not count. Letters outside ASCII compare
// exactly, which can only tell more names apart.
bool same_name(ByteView a, ByteView b);
bool same_entry(const X509_NAME_ENTRY* a, const X509_NAME_ENTRY* b);

}  // namespace sealroom
