#pragma once

#include "packing.hpp"

namespace sealroom::pack {

// What shall become of an existing truststore.
struct TruststoreChange {
  std::string file;
  PasswordSource password;          // the store's; it stays
  std::vector<TrustFile> add;       // alias as written, and file
  std::vector<std::string> remove;  // aliases, in any case
  TrustKind kind = TrustKind::Authorities;
  EntryTime created;
};

struct ChangedTruststore {
  Findings findings;  // with any, nothing was written
  StoreType type = StoreType::Unknown;
  std::size_t kept = 0;  // entries that stand as they stood, octet for octet
  std::size_t removed = 0;
};

// Writes the store anew beside itself, entries that stay octet for octet, reads it back, and replaces it in one step;
// whatever interrupts this, the old store or the new one is there, whole. The store's mode and owner stay. Errors
// (Failed): not a truststore (a private key in it: pack.private-key), wrong password, no MAC, an alias that is taken or
// not there, nothing left to trust, another change going on.
Result<ChangedTruststore> change_truststore(const TruststoreChange& change, Instant now);

}  // namespace sealroom::pack
