#include "der_reader.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "sealroom/crypto/owned.hpp"

namespace sealroom::der {
namespace {

// Far above what any identifier in use needs; its text is quadratic in its length.
constexpr std::size_t kLongestOid = 64;

// Bounds the recursion, whatever the caller's setting.
constexpr std::size_t kDeepestEver = 64;

constexpr std::uint8_t kConstructed = 0x20;
constexpr std::uint8_t kHighTagNumber = 0x1f;

struct Header {
  std::size_t size = 0;    // of identifier and length octets
  std::size_t length = 0;  // of the contents
  const char* fault = nullptr;
};

Header faulty(const char* reason) { return {0, 0, reason}; }

// X.690 sections 8.1.2.4 and 10.1: minimal identifier, definite and minimal length.
Header read_header(ByteView octets) {
  std::size_t at = 1;
  if ((octets[0] & kHighTagNumber) == kHighTagNumber) {
    if (octets.size() < 2 || octets[1] == 0x80 || octets[1] < kHighTagNumber) return faulty("a tag is not minimal");
    while (at < octets.size() && (octets[at] & 0x80) != 0) ++at;
    ++at;
    if (at > 6) return faulty("a tag number is too large");
  }
  if (at >= octets.size()) return faulty("a value has no length");
  const std::uint8_t first = octets[at++];
  std::size_t length = first;
  if (first == 0x80) return faulty("a length is indefinite");
  if (first > 0x80) {
    const std::size_t count = first & 0x7fu;
    if (count > 4) return faulty("a length is larger than any request");
    if (octets.size() - at < count) return faulty("a length is cut off");
    length = 0;
    for (std::size_t i = 0; i < count; ++i) length = length << 8 | octets[at++];
    if (length < 0x80 || length >> (8 * (count - 1)) == 0) return faulty("a length is not minimal");
  }
  if (length > octets.size() - at) return faulty("a value is cut off");
  return {at, length, nullptr};
}

const char* integer_fault(ByteView contents) {
  if (contents.empty()) return "an INTEGER is empty";
  if (contents.size() == 1) return nullptr;
  const bool sign = (contents[1] & 0x80) != 0;
  const bool padded = (contents[0] == 0x00 && !sign) || (contents[0] == 0xff && sign);
  return padded ? "an INTEGER is not minimal" : nullptr;
}

const char* bit_string_fault(ByteView contents) {
  if (contents.empty()) return "a BIT STRING is empty";
  const unsigned unused = contents[0];
  if (unused > 7 || (unused != 0 && contents.size() == 1)) return "a BIT STRING has a wrong number of unused bits";
  const bool clear = (contents.back() & ((1u << unused) - 1)) == 0;
  return unused == 0 || clear ? nullptr : "a BIT STRING has unused bits that are set";
}

const char* oid_fault(ByteView contents) {
  if (contents.empty()) return "an OBJECT IDENTIFIER is empty";
  if (contents.size() > kLongestOid) return "an OBJECT IDENTIFIER is longer than 64 octets";
  bool starts = true;
  for (const auto octet : contents) {
    if (starts && octet == 0x80) return "an OBJECT IDENTIFIER is not minimal";
    starts = (octet & 0x80) == 0;
  }
  return starts ? nullptr : "an OBJECT IDENTIFIER is cut off";
}

// What X.690 sections 8, 10 and 11 ask of the contents of a universal, primitive value.
const char* primitive_fault(std::uint8_t tag, ByteView contents) {
  switch (tag) {
    case 0x00:
      return "an end-of-contents mark stands in a value";
    case kBoolean:
      return contents.size() == 1 && (contents[0] == 0x00 || contents[0] == 0xff)
                 ? nullptr
                 : "a BOOLEAN is neither 0x00 nor 0xff";
    case kInteger:
    case 0x0a:
      return integer_fault(contents);
    case kBitString:
      return bit_string_fault(contents);
    case kNull:
      return contents.empty() ? nullptr : "a NULL is not empty";
    case kOid:
      return oid_fault(contents);
    case kSequence & 0x1f:
    case kSet & 0x1f:
      return "a SEQUENCE or SET is primitive";
    default:
      return nullptr;
  }
}

bool may_be_constructed(std::uint8_t tag) {
  constexpr std::uint8_t external = 0x08;
  constexpr std::uint8_t embedded_pdv = 0x0b;
  return tag == (kSequence & 0x1f) || tag == (kSet & 0x1f) || tag == external || tag == embedded_pdv;
}

class Checker {
 public:
  Checker(ByteView octets, std::size_t deepest) : start_(octets.data()), deepest_(std::min(deepest, kDeepestEver)) {}

  // Checks the value at the front of `octets`; its size, or nothing when there is a fault.
  std::optional<std::size_t> value(ByteView octets, std::size_t depth) {
    const Header header = read_header(octets);
    if (header.fault != nullptr) return fault(FaultKind::Encoding, octets, header.fault);
    const std::uint8_t identifier = octets[0];
    const auto tag = static_cast<std::uint8_t>(identifier & 0x1f);
    const bool universal = (identifier & 0xc0) == 0;
    const ByteView contents = octets.subspan(header.size, header.length);
    if ((identifier & kConstructed) == 0) {
      const char* wrong = universal ? primitive_fault(tag, contents) : nullptr;
      if (wrong != nullptr) return fault(FaultKind::Encoding, octets, wrong);
      return header.size + header.length;
    }
    if (universal && !may_be_constructed(tag)) {
      return fault(FaultKind::Encoding, octets, "a string or number is constructed of parts");
    }
    if (depth >= deepest_) return fault(FaultKind::Nesting, octets, "values are nested too deep");
    if (!all_values(contents, depth + 1)) return std::nullopt;
    if (identifier == kSet && !in_set_order(contents)) {
      return fault(FaultKind::Encoding, octets, "the members of a SET are not in order");
    }
    return header.size + header.length;
  }

  Fault take_fault() { return std::move(fault_); }

 private:
  bool all_values(ByteView contents, std::size_t depth) {
    while (!contents.empty()) {
      const auto size = value(contents, depth);
      if (!size) return false;
      contents = contents.subspan(*size);
    }
    return true;
  }

  std::nullopt_t fault(FaultKind kind, ByteView where, const char* reason) {
    fault_ = {kind, static_cast<std::size_t>(where.data() - start_), reason};
    return std::nullopt;
  }

  const std::uint8_t* start_;
  std::size_t deepest_;
  Fault fault_;
};

}  // namespace

std::optional<Value> Reader::next() {
  if (rest_.empty()) return std::nullopt;
  const Header header = read_header(rest_);
  if (header.fault != nullptr) return std::nullopt;
  const std::size_t size = header.size + header.length;
  const Value value{rest_[0], rest_.subspan(header.size, header.length), rest_.first(size)};
  rest_ = rest_.subspan(size);
  return value;
}

std::optional<Value> Reader::next(std::uint8_t identifier) {
  if (!next_is(identifier)) return std::nullopt;
  return next();
}

std::optional<Fault> check(ByteView octets, std::size_t deepest) {
  if (octets.empty()) return Fault{FaultKind::Encoding, 0, "there are no octets"};
  Checker checker(octets, deepest);
  const auto size = checker.value(octets, 0);
  if (!size) return checker.take_fault();
  if (*size == octets.size()) return std::nullopt;
  return Fault{FaultKind::Trailing, *size, fmt::format("{} octets stand behind the value", octets.size() - *size)};
}

bool in_set_order(ByteView contents) {
  Reader members(contents);
  ByteView before;
  while (const auto member = members.next()) {
    if (std::ranges::lexicographical_compare(member->whole, before)) return false;
    before = member->whole;
  }
  return true;
}

std::string oid_text(ByteView contents) {
  Bytes whole{kOid, static_cast<std::uint8_t>(contents.size())};
  whole.insert(whole.end(), contents.begin(), contents.end());
  const unsigned char* next = whole.data();
  const OwnedObject object(d2i_ASN1_OBJECT(nullptr, &next, static_cast<long>(whole.size())));
  std::array<char, 320> text{};
  const int size = object ? OBJ_obj2txt(text.data(), text.size(), object.get(), 1) : -1;
  if (size <= 0 || static_cast<std::size_t>(size) >= text.size()) return "(identifier " + to_hex(contents) + ")";
  return text.data();
}

std::string oid_name(const std::string& oid) {
  const int known = OBJ_txt2nid(oid.c_str());
  return known == NID_undef ? oid : OBJ_nid2sn(known);
}

std::optional<ByteView> whole_octets(const Value& bit_string) {
  if (bit_string.contents.empty() || bit_string.contents[0] != 0) return std::nullopt;
  return bit_string.contents.subspan(1);
}

}  // namespace sealroom::der
