#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "sealroom/base/bytes.hpp"

namespace sealroom::der {

// Identifier octets that are read here (X.690 section 8.1.2).
constexpr std::uint8_t kBoolean = 0x01;
constexpr std::uint8_t kInteger = 0x02;
constexpr std::uint8_t kBitString = 0x03;
constexpr std::uint8_t kOctetString = 0x04;
constexpr std::uint8_t kNull = 0x05;
constexpr std::uint8_t kOid = 0x06;
constexpr std::uint8_t kSequence = 0x30;
constexpr std::uint8_t kSet = 0x31;
constexpr std::uint8_t kContext0 = 0xa0;  // [0], constructed

// One value: its first identifier octet, its contents, and all its octets. Views into the encoding.
struct Value {
  std::uint8_t identifier = 0;
  ByteView contents;
  ByteView whole;
};

// Reader hands out the values that stand one after the other in `octets`, checking headers as it goes.
class Reader {
 public:
  explicit Reader(ByteView octets) : rest_(octets) {}

  bool done() const { return rest_.empty(); }
  bool next_is(std::uint8_t identifier) const { return !rest_.empty() && rest_.front() == identifier; }

  // The next value; nothing at the end or where no well-formed header stands.
  std::optional<Value> next();

  // The next value if it has this identifier; nothing otherwise, and the reader stays where it is.
  std::optional<Value> next(std::uint8_t identifier);

 private:
  ByteView rest_;
};

enum class FaultKind { Encoding, Nesting, Trailing };

// Why octets are not one DER value, and where.
struct Fault {
  FaultKind kind = FaultKind::Encoding;
  std::size_t offset = 0;
  std::string reason;
};

// Checks that `octets` are exactly one value in DER (X.690 sections 10 and 11): definite, minimal lengths, minimal
// integers, booleans 0x00 or 0xff, zero unused bits, primitive strings, sets in order, and no more than `deepest`
// levels of constructed values. Goes into no OCTET STRING or BIT STRING.
std::optional<Fault> check(ByteView octets, std::size_t deepest);

// Whether the values in `contents` are in the order of a DER SET OF (X.690 section 11.6).
bool in_set_order(ByteView contents);

// Dotted decimal of the contents octets of an OBJECT IDENTIFIER that check() passed.
std::string oid_text(ByteView contents);

// OpenSSL's short name of a dotted decimal identifier ("subjectAltName"); the identifier where it knows none.
std::string oid_name(const std::string& oid);

// The octets of a BIT STRING whose number of bits is a multiple of eight; nothing otherwise.
std::optional<ByteView> whole_octets(const Value& bit_string);

}  // namespace sealroom::der
