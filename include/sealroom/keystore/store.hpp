#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sealroom/base/bytes.hpp"
#include "sealroom/base/error.hpp"
#include "sealroom/base/secret.hpp"
#include "sealroom/base/time.hpp"
#include "sealroom/keystore/store_type.hpp"

namespace sealroom {

// KeyEntry is all that a keystore of ours holds: one private key with its certificate chain.
struct KeyEntry {
  std::string alias;
  Instant created;
  Secret private_key;        // PKCS#8 PrivateKeyInfo, DER
  std::vector<Bytes> chain;  // DER certificates, leaf first
};

// TrustEntry is one certificate of a truststore. There is no place for a key in it.
struct TrustEntry {
  std::string alias;
  Instant created;
  Bytes certificate;
};

// The alias as it is written: lower-case, because Java lower-cases on look-up but (JKS) not on loading, so that an entry
// in mixed case is never found. Errors (Usage): empty, longer than 255 characters, a backslash, not printable ASCII.
Result<std::string> store_alias(std::string_view alias);

// Unseen is a certificate in a PKCS#12 store that belongs to no key and lacks Oracle's trusted-key-usage attribute: Java
// does not list it. Other is what neither key nor certificate is: CRLs, secrets, symmetric keys.
enum class EntryKind { PrivateKey, TrustedCertificate, Unseen, Other };

// StoreEntry is one entry of a store of any origin; keys are not opened.
struct StoreEntry {
  std::string alias;               // printable; empty where PKCS#12 has none
  std::optional<Instant> created;  // PKCS#12 has none for certificates
  EntryKind kind = EntryKind::Other;
  Bytes protected_key;       // EncryptedPrivateKeyInfo, DER; for open_key()
  std::vector<Bytes> chain;  // DER, leaf first; one certificate where there is no key
  Bytes octets;  // the entry as it stands: a JKS entry from its tag on, or a SafeBag; empty in version 1 of JKS
};

struct StoreContents {
  StoreType type = StoreType::Unknown;
  std::vector<StoreEntry> entries;
  bool verified = false;      // the store's digest or MAC, under the password
  bool closed_parts = false;  // PKCS#12: there is more, and only the password opens it
  bool open_key = false;      // PKCS#12: a private key that no password protects; it is not among the entries
  long least_iterations = 0;  // PKCS#12: of every key derivation in it; 0 where there is none
};

// Reads a JKS (version 1 or 2) or PKCS#12 store of any origin. `store_password` may be empty: then nothing proves the
// integrity, and of a PKCS#12 store only what is not encrypted shows. At most `iterations` of password hashing are done
// for the whole store; the default is what Java takes for each part. Errors (Failed): not a store, cut short, octets
// behind it, wrong password, a form that is not known, too many iterations.
inline constexpr long kMostIterations = 5'000'000;
Result<StoreContents> read_store(ByteView octets, const Secret& store_password, long iterations = kMostIterations);

// The PKCS#8 DER of a private key entry, whichever store it is from. Errors (Failed): wrong password, damaged, a kind of
// encryption that is not known, too many iterations.
Result<Secret> open_key(ByteView protected_key, const Secret& password, long iterations = kMostIterations);

}  // namespace sealroom
