#include "distinguished_name.hpp"

#include <cstdlib>

#include "sealroom/base/text.hpp"

namespace sealroom {

OwnedName decode_name(ByteView der) {
  const unsigned char* next = der.data();
  OwnedName name(d2i_X509_NAME(nullptr, &next, static_cast<long>(der.size())));
  if (!name || next != der.data() + der.size()) std::abort();
  return name;
}

std::string printable_value(const X509_NAME_ENTRY* entry) {
  const ASN1_STRING* value = X509_NAME_ENTRY_get_data(entry);
  const ByteView octets(ASN1_STRING_get0_data(value), static_cast<std::size_t>(ASN1_STRING_length(value)));
  return printable(as_text(octets));
}

bool same_name(ByteView a, ByteView b) {
  if (equal(a, b)) return true;
  return X509_NAME_cmp(decode_name(a).get(), decode_name(b).get()) == 0;
}

bool same_entry(const X509_NAME_ENTRY* a, const X509_NAME_ENTRY* b) {
  const OwnedName first(X509_NAME_new());
  const OwnedName second(X509_NAME_new());
  if (!first || !second || X509_NAME_add_entry(first.get(), a, -1, 0) != 1 ||
      X509_NAME_add_entry(second.get(), b, -1, 0) != 1) {
    std::abort();
  }
  return X509_NAME_cmp(first.get(), second.get()) == 0;
}

}  // namespace sealroom
