#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sealroom/base/json.hpp"
#include "sealroom/keystore/store.hpp"
#include "sealroom/x509/certificate.hpp"
#include "sealroom/x509/finding.hpp"

namespace sealroom::pack {

struct InspectedEntry {
  std::string alias;
  EntryKind kind = EntryKind::Other;
  std::optional<Instant> created;
  std::vector<std::optional<Certificate>> chain;  // nothing where the octets are no certificate
};

// Inspection is what can be said about a store without opening its keys.
struct Inspection {
  std::string file;
  StoreType type = StoreType::Unknown;
  bool verified = false;
  bool closed_parts = false;  // there is more, and only the password opens it
  std::string role;           // "broker keystore", "truststore", ...
  std::vector<InspectedEntry> entries;
  Findings warnings;
};

// Errors (Failed): not a store, damaged, wrong password.
Result<Inspection> inspect_store(const std::string& file, ByteView octets, const Secret& store_password, Instant at);

std::string to_text(const Inspection& inspection);

// One object, "format": "sealroom-keystore-inspect/1".
Json to_json(const Inspection& inspection);

}  // namespace sealroom::pack
