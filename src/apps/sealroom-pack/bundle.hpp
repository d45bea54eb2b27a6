#pragma once

#include <string>

#include "bundle_description.hpp"
#include "packing.hpp"
#include "staged_directory.hpp"

namespace sealroom::pack {

// Whether brokers and clients find intermediates in their truststores, for peers that send the leaf alone.
enum class Intermediates { LeaveOut, Include };

struct BundleRequest {
  std::string issued;  // the export of a batch
  BundleDescription description;
  StoreType type = StoreType::Jks;
  Intermediates intermediates = Intermediates::LeaveOut;
  bool umh_values = false;
  EntryTime created;
};

// Fills `directory` with one folder for the broker, one for each client, and where asked for one with values for the
// United Manufacturing Hub's Helm chart (the only one in which keys of several lie together). The broker's folder holds
// no client's key and a client's folder no other's. Findings say whose they are, and with any the directory is not to be
// published. Errors: files that cannot be read or written, passwords.
Result<Findings> make_bundle(const BundleRequest& request, StagedDirectory& directory, Instant now);

}  // namespace sealroom::pack
