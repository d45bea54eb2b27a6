#include "sealroom/base/bytes.hpp"

#include <algorithm>

namespace sealroom {
namespace {

std::string digits_of(ByteView octets, const char* alphabet) {
  std::string out;
  out.reserve(octets.size() * 2);
  for (const auto octet : octets) {
    out += alphabet[octet >> 4];
    out += alphabet[octet & 0x0f];
  }
  return out;
}

int value_of(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  return -1;
}

}  // namespace

ByteView as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

std::string_view as_text(ByteView octets) {
  return {reinterpret_cast<const char*>(octets.data()), octets.size()};
}

Bytes copy(ByteView octets) { return {octets.begin(), octets.end()}; }

bool equal(ByteView a, ByteView b) { return std::ranges::equal(a, b); }

std::string to_hex(ByteView octets) { return digits_of(octets, "0123456789abcdef"); }

std::string to_upper_hex(ByteView octets) { return digits_of(octets, "0123456789ABCDEF"); }

std::optional<Bytes> from_hex(std::string_view digits) {
  if (digits.size() % 2 != 0) return std::nullopt;
  Bytes out;
  out.reserve(digits.size() / 2);
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    const int high = value_of(digits[i]);
    const int low = value_of(digits[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    out.push_back(static_cast<std::uint8_t>(high * 16 + low));
  }
  return out;
}

std::optional<Digest> digest_from_hex(std::string_view digits) {
  const auto octets = from_hex(digits);
  if (!octets || octets->size() != Digest{}.size()) return std::nullopt;
  Digest out;
  std::ranges::copy(*octets, out.begin());
  return out;
}

}  // namespace sealroom
