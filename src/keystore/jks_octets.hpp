#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>

#include "sealroom/base/bytes.hpp"
#include "sealroom/base/error.hpp"
#include "sealroom/base/secret.hpp"

namespace sealroom {

// What the two halves of the format share: its constants, its password encoding, its one hash function.

inline constexpr std::uint32_t kJksMagic = 0xFEEDFEED;
inline constexpr std::uint32_t kJksVersion = 2;
inline constexpr std::uint32_t kPrivateKeyTag = 1;
inline constexpr std::uint32_t kTrustedCertificateTag = 2;
inline constexpr std::string_view kCertificateType = "X.509";

inline constexpr std::size_t kSha1Size = 20;

// SHA-1 over `parts` in order. The format knows no other hash (JavaKeyStore.java, KeyProtector.java).
void sha1(std::span<std::uint8_t, kSha1Size> out, std::initializer_list<ByteView> parts);

// The UTF-8 `password` as Java hashes a char[]: every UTF-16 code unit as two octets, high one first, nothing behind.
// Errors (Usage): not well-formed UTF-8.
Result<Secret> password_octets(const Secret& password);

// The digest at the end of a JKS file over everything before it (JavaKeyStore.getPreKeyedHash).
void store_digest(std::span<std::uint8_t, kSha1Size> out, const Secret& password_octets, ByteView store);

// An EncryptedPrivateKeyInfo (DER) of Sun's key protector over `private_key`, under a fresh salt.
Result<Bytes> protect_key(const Secret& private_key, const Secret& password_octets);

}  // namespace sealroom
