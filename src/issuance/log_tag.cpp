#include "log_tag.hpp"

#include <fmt/format.h>

#include "sealroom/issuance/backup.hpp"
#include "sealroom/issuance/recovery.hpp"
#include "sealroom/log/key_change.hpp"
#include "stored_keys.hpp"

namespace sealroom {

// tests/e2e/backup.sh compares the outcome with what was written in the first place.
std::string log_tag(const log::Event& event) {
  const auto& name = event.name;
  const auto owner = event.details.value("owner", "");
  if (auto batch = event.details.value("batch", ""); !batch.empty()) return batch;
  if (name.starts_with("issuer.request")) return key_tag(event.details.value("issuer", owner));
  if (name == "key.foreign") return foreign_tag(owner);
  if (name == "key.refused" || name == "key.adoption-refused" || name == "key.unknown") return {};
  if (name.starts_with("key.")) return key_tag(owner);
  if (name.starts_with("log.key-")) return std::string(log::kLogKeyTag);
  if (name.starts_with("anchor.")) return fmt::format("anchor/{}", owner);
  if (name.starts_with("clock.")) return "clock";
  if (name == "backup.written") return std::string(kBackupTag);
  if (name == "log.verified") return "verification";
  if (name == "ledger.restored") return std::string(kRestoredTag);
  if (name == "configuration.loaded") return fmt::format("configuration/{}", event.details.value("digest", ""));
  return {};
}

}  // namespace sealroom
