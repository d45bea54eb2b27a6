#pragma once

#include <string>
#include <vector>

#include "sealroom/keystore/octet_stream.hpp"
#include "sealroom/keystore/store.hpp"

namespace sealroom::pack {

// Whether a store that was written is what was meant: every part is read back as Java will read it, and compared.
// Errors (Failed): what differs; the reader's.
Result<Done> compare_keystore(OctetSource& written, StoreType type, const KeyEntry& meant, const Secret& store_password,
                              const Secret& entry_password);

// What an entry of a truststore shall be: by SHA-256 of its certificate, or where it comes from an older store, of the
// entry's own octets.
struct MeantEntry {
  enum class Of { Certificate, Octets };
  std::string alias;
  Digest digest{};
  Of of = Of::Certificate;
};
Result<Done> compare_truststore(OctetSource& written, StoreType type, const std::vector<MeantEntry>& meant,
                                const Secret& password);

}  // namespace sealroom::pack
