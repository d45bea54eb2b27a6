#include "sealroom/x509/name.hpp"

#include <openssl/asn1.h>

#include "der_reader.hpp"
#include "name_encoding.hpp"
#include "sealroom/base/text.hpp"
#include "sealroom/crypto/crypto.hpp"

namespace sealroom {
namespace {

// RDNSequence, RelativeDistinguishedName, AttributeTypeAndValue, and a value that may be constructed.
constexpr std::size_t kDeepest = 16;

std::unexpected<Error> not_a_name() { return fail(ErrorKind::Failed, "a distinguished name is not one"); }

// AttributeTypeAndValue ::= SEQUENCE { type OBJECT IDENTIFIER, value ANY }
std::optional<NameEntry> read_entry(ByteView contents, int set) {
  der::Reader parts(contents);
  const auto type = parts.next(der::kOid);
  const auto value = parts.next();
  if (!type || !value || !parts.done()) return std::nullopt;
  NameEntry entry;
  entry.oid = der::oid_text(type->contents);
  entry.string_type = value->identifier < 0x1f ? value->identifier : V_ASN1_OTHER;
  entry.value = copy(value->contents);
  entry.set = set;
  return entry;
}

// The value in UTF-8 where its type says how; its octets where it does not.
std::string text_of(const NameEntry& entry) {
  if (string_fault(entry.string_type, entry.value) != nullptr) return std::string(as_text(entry.value));
  const Owned<ASN1_STRING, ASN1_STRING_free> string(ASN1_STRING_type_new(entry.string_type));
  unsigned char* utf8 = nullptr;
  const int size =
      string && ASN1_STRING_set(string.get(), entry.value.data(), static_cast<int>(entry.value.size())) == 1
          ? ASN1_STRING_to_UTF8(&utf8, string.get())
          : -1;
  const OwnedMemory memory(utf8);
  if (size >= 0) return {reinterpret_cast<const char*>(utf8), static_cast<std::size_t>(size)};
  openssl_errors();
  return std::string(as_text(entry.value));
}

// Printable, and without a separator that could be taken for the next entry's.
std::string shown(const NameEntry& entry) {
  std::string out;
  for (const char c : printable(text_of(entry))) {
    if (c == ',' || c == '+') out += '\\';
    out += c;
  }
  return out;
}

}  // namespace

std::string NameEntry::short_name() const { return der::oid_name(oid); }

Result<std::vector<NameEntry>> name_entries(ByteView name_der) {
  if (der::check(name_der, kDeepest) || name_der.front() != der::kSequence) return not_a_name();
  std::vector<NameEntry> entries;
  der::Reader sets(der::Reader(name_der).next()->contents);
  for (int set = 0; !sets.done(); ++set) {
    const auto members = sets.next(der::kSet);
    if (!members || members->contents.empty()) return not_a_name();
    der::Reader pairs(members->contents);
    while (!pairs.done()) {
      const auto pair = pairs.next(der::kSequence);
      auto entry = pair ? read_entry(pair->contents, set) : std::nullopt;
      if (!entry) return not_a_name();
      entries.push_back(std::move(*entry));
    }
  }
  return entries;
}

std::string printable_name(ByteView name_der) {
  const auto entries = name_entries(name_der);
  if (!entries) return "(not a name)";
  if (entries->empty()) return "(no subject)";
  std::string out;
  for (std::size_t i = 0; i < entries->size(); ++i) {
    const auto& entry = (*entries)[i];
    if (i > 0) out += entry.set == (*entries)[i - 1].set ? " + " : ", ";
    out += entry.short_name() + "=" + shown(entry);
  }
  return out;
}

}  // namespace sealroom
