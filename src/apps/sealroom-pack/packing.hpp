#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "new_password.hpp"
#include "sealroom/keystore/examine_store.hpp"
#include "sealroom/keystore/store.hpp"
#include "sealroom/keystore/truststore_writer.hpp"
#include "staged_file.hpp"

namespace sealroom::pack {

// The time that entries carry, and whether it was given to make the same store again (then salts are not random).
struct EntryTime {
  Instant at;
  Salts salts = Salts::Random;
};

// What every new store has.
struct NewStore {
  std::string out;
  StoreType type = StoreType::Jks;
  PasswordSource password;
  WeakPasswords weak = WeakPasswords::Refuse;
  IfExists if_exists = IfExists::Refuse;
  EntryTime created;
};

struct KeystoreRequest {
  NewStore store;
  std::string cert;
  std::vector<std::string> chain;
  std::string key;
  std::string alias;                             // in any case
  std::optional<KeystoreRole> role;              // none: what the certificate allows
  PasswordSource key_password;                   // opens `key`
  std::optional<PasswordSource> entry_password;  // none: the store's
};

// What a keystore shall hold, and the judgement on it; without findings, `entry` is whole.
struct PreparedKeystore {
  KeyEntryVerdict verdict;
  KeyEntry entry;
};
Result<PreparedKeystore> prepare_keystore(const KeystoreRequest& request, Instant now);

// Writes a keystore, reads it back and compares, and only then gives it its name (mode 0600). The verdict's findings are
// the reasons against; with any, nothing was written. Errors: files that cannot be read or written, passwords.
Result<KeyEntryVerdict> pack_keystore(const KeystoreRequest& request, Instant now);

// What a TLS peer shows of a whole chain (RFC 8446 section 4.4.2): the leaf and its intermediates, PEM.
std::string shown_chain(const std::vector<Certificate>& chain);

// One entry of a truststore that is to be: the certificate in a file.
struct TrustFile {
  std::string alias;  // as written
  std::string path;
};

// Told how many entries of how many are done, now and then.
using Progress = std::function<void(std::size_t done, std::size_t all)>;

struct TruststoreRequest {
  NewStore store;
  std::vector<TrustFile> entries;
  TrustKind kind = TrustKind::Authorities;
  Progress progress;
};

struct TruststoreVerdict {
  Findings findings;      // with any, nothing was written
  std::size_t roots = 0;  // entries that are self-issued
  std::string summary;    // lines for people; of the first entries, where there are many
};

// The same for a truststore (mode 0644). Its certificates are read twice and never held together.
Result<TruststoreVerdict> pack_truststore(const TruststoreRequest& request, Instant now);

}  // namespace sealroom::pack
