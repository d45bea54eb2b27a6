#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sealroom/base/bytes.hpp"
#include "sealroom/base/error.hpp"
#include "sealroom/base/secret.hpp"
#include "sealroom/base/time.hpp"

namespace sealroom {

// JksKey is a private key entry: an unencrypted PKCS#8 DER with its certificate chain, leaf first.
struct JksKey {
  std::string alias;
  Instant created;
  Secret private_key;            // PKCS#8 PrivateKeyInfo, DER
  std::vector<Bytes> chain;      // DER certificates
};

// JksTrust is a trusted certificate entry.
struct JksTrust {
  std::string alias;
  Instant created;
  Bytes certificate;
};

// A keystore holds keys with their chains; a truststore holds certificates and never a private key. They are
// different types so that no function can be handed the wrong one.
struct JksKeystore {
  std::vector<JksKey> keys;
};
struct JksTruststore {
  std::vector<JksTrust> entries;
};

// The alias as it is written: lower-case, because Java lower-cases on look-up but not on loading, so that an entry in
// mixed case is never found. Errors (Usage): empty, longer than 255 characters, a backslash, not printable ASCII.
Result<std::string> jks_alias(std::string_view alias);

// JKS version 2 (magic FEEDFEED), octet by octet as sun.security.provider.JavaKeyStore reads it. Passwords are UTF-8.
// Errors (Usage): an alias that jks_alias refuses or that is taken after lower-casing, an empty password or one that is
// not UTF-8, a key entry without key or chain. Key entries get a fresh salt; all else follows from the arguments.
Result<Bytes> write_jks(const JksKeystore& store, const Secret& store_password, const Secret& entry_password);
Result<Bytes> write_jks(const JksTruststore& store, const Secret& store_password);

// What is in a JKS file, without opening keys.
struct JksEntry {
  std::string alias;             // printable
  Instant created;
  bool private_key = false;
  Bytes protected_key;           // EncryptedPrivateKeyInfo, DER; empty for trusted entries
  std::vector<Bytes> chain;      // DER; one certificate for trusted entries
};

struct JksContents {
  std::vector<JksEntry> entries;
  bool digest_verified = false;  // only when a password was given
};

// Reads a JKS file of any origin. `store_password` may be empty: then nothing proves the integrity. Errors (Failed):
// not JKS, cut short, octets behind it, wrong password.
Result<JksContents> read_jks(ByteView octets, const Secret& store_password);

// The PKCS#8 DER inside a key entry. Errors (Failed): wrong password or damaged.
Result<Secret> open_jks_key(ByteView protected_key, const Secret& entry_password);

}  // namespace sealroom
