#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sealroom {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;

// A SHA-256 value: 32 octets.
using Digest = std::array<std::uint8_t, 32>;

// Views `text` as octets; valid as long as `text` is.
ByteView as_bytes(std::string_view text);

// Views `octets` as characters; valid as long as `octets` are.
std::string_view as_text(ByteView octets);

Bytes copy(ByteView octets);
bool equal(ByteView a, ByteView b);

// Lower-case hexadecimal digits, two an octet.
std::string to_hex(ByteView octets);

// Upper-case hexadecimal digits, as `openssl x509 -serial` prints a serial.
std::string to_upper_hex(ByteView octets);

// Octets of an even number of hexadecimal digits in either case; nothing otherwise.
std::optional<Bytes> from_hex(std::string_view digits);

// The 32 octets of 64 hexadecimal digits; nothing otherwise.
std::optional<Digest> digest_from_hex(std::string_view digits);

}  // namespace sealroom
