#include "to_be_signed.hpp"

#include "sealroom/crypto/crypto.hpp"

namespace sealroom {
namespace {

struct Element {
  ByteView whole;
  ByteView contents;
  int tag = 0;
  int tag_class = 0;
};

// The DER value at the front of `rest`, which then begins behind it; nothing when there is none.
std::optional<Element> take(ByteView& rest) {
  constexpr int kError = 0x80;
  constexpr int kIndefinite = 0x01;
  const unsigned char* next = rest.data();
  long length = 0;
  Element element;
  const int flags = ASN1_get_object(&next, &length, &element.tag, &element.tag_class, static_cast<long>(rest.size()));
  if ((flags & (kError | kIndefinite)) != 0) {
    openssl_errors();
    return std::nullopt;
  }
  const auto header = static_cast<std::size_t>(next - rest.data());
  element.contents = ByteView(next, static_cast<std::size_t>(length));
  element.whole = rest.first(header + element.contents.size());
  rest = rest.subspan(element.whole.size());
  return element;
}

}  // namespace

std::optional<ToBeSignedParts> parts_of(ByteView to_be_signed) {
  const auto sequence = take(to_be_signed);
  if (!sequence || sequence->tag != V_ASN1_SEQUENCE || !to_be_signed.empty()) return std::nullopt;
  auto rest = sequence->contents;
  const auto version = take(rest);
  if (!version || version->tag_class != V_ASN1_CONTEXT_SPECIFIC || version->tag != 0) return std::nullopt;
  const auto serial = take(rest);
  if (!serial || serial->tag != V_ASN1_INTEGER) return std::nullopt;
  const auto algorithm = take(rest);
  if (!algorithm || algorithm->tag != V_ASN1_SEQUENCE) return std::nullopt;
  return ToBeSignedParts{serial->contents, algorithm->whole};
}

}  // namespace sealroom
