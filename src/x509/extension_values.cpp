#include "extension_values.hpp"

#include "der_reader.hpp"

namespace sealroom {

std::optional<BasicConstraints> read_basic_constraints(ByteView value) {
  if (der::check(value, 1) || value[0] != der::kSequence) return std::nullopt;
  der::Reader parts(der::Reader(value).next()->contents);
  const auto ca = parts.next(der::kBoolean);
  const auto length = parts.next(der::kInteger);
  if (!parts.done()) return std::nullopt;
  if (ca && ca->contents[0] == 0) return std::nullopt;  // the default, spelled out
  BasicConstraints read;
  read.ca = ca.has_value();
  if (length) {
    if (length->contents.size() > 4 || length->contents[0] >= 0x80) return std::nullopt;
    long number = 0;
    for (const auto octet : length->contents) number = number << 8 | octet;
    read.path_length = number;
  }
  return read;
}

std::optional<bool> read_key_cert_sign(ByteView value) {
  if (der::check(value, 0) || value[0] != der::kBitString) return std::nullopt;
  const ByteView bits = der::Reader(value).next()->contents;
  return bits.size() > 1 && (bits[1] & 0x04) != 0;
}

}  // namespace sealroom
