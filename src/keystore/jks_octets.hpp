#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>

#include "sealroom/base/secret.hpp"
#include "sealroom/crypto/owned.hpp"
#include "sealroom/keystore/octet_stream.hpp"
#include "sealroom/keystore/store.hpp"

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

// StoreDigest is the digest at the end of a JKS file over everything before it (JavaKeyStore.getPreKeyedHash).
class StoreDigest {
 public:
  explicit StoreDigest(const Secret& password_octets);
  void add(ByteView octets);
  std::array<std::uint8_t, kSha1Size> finish();  // once

 private:
  OwnedDigestContext context_;
};

// An EncryptedPrivateKeyInfo (DER) of Sun's key protector over `private_key`, under a fresh salt.
Result<Bytes> protect_key(const Secret& private_key, const Secret& password_octets);

// The PKCS#8 DER under Sun's key protector; nothing when `info` is under something else. Errors: as open_key.
Result<std::optional<Secret>> open_sun_key(const X509_SIG* info, const Secret& password);

// JksWriter lays out one file: header, entries, digest. All integers are big-endian (DataOutputStream). It checks
// nothing but the password.
class JksWriter {
 public:
  // Errors (Usage): an empty password, one that is not UTF-8.
  static Result<JksWriter> begin(OctetSink& sink, std::size_t count, const Secret& store_password);

  Result<Done> key(const KeyEntry& entry, ByteView covered);  // covered: of protect_key
  Result<Done> trusted(const TrustEntry& entry);
  Result<Done> octets(ByteView entry);
  Result<Done> finish();

 private:
  JksWriter(OctetSink& sink, const Secret& password_octets) : sink_(sink), digest_(password_octets) {}

  OctetSink& sink_;
  StoreDigest digest_;
};

}  // namespace sealroom
