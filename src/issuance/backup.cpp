#include "sealroom/issuance/backup.hpp"

#include <fmt/format.h>

#include "sealroom/base/text.hpp"

namespace sealroom {

bool is_backup_name(std::string_view name) {
  constexpr std::string_view kForm = "00000000T000000Z";
  if (name.size() != kForm.size()) return false;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const bool fits = kForm[i] == '0' ? name[i] >= '0' && name[i] <= '9' : name[i] == kForm[i];
    if (!fits) return false;
  }
  return true;
}

Result<Done> make_backup(const Work& work, const std::string& name, const std::string& path) {
  if (!is_backup_name(name)) {
    return fail(ErrorKind::Usage, fmt::format("{}: is not the name of a backup", printable(name)),
                "a backup is named by the time of its making, 20261122T033100Z");
  }
  auto& ledger = work.appliance.ledger;
  auto change = work.begin();
  if (!change) return pass_on(change);
  auto size = ledger.log_size();
  if (!size) return pass_on(size);
  auto root = ledger.root(*size);
  if (!root) return pass_on(root);
  auto seq = change->append(
      {.name = "backup.made", .outcome = "ok", .details = {{"name", name}, {"size", *size}, {"root", to_hex(*root)}}});
  if (!seq) return pass_on(seq);
  auto receipt = std::move(*change).commit();
  if (!receipt) return pass_on(receipt);
  auto covered = checkpoint_if_unlocked(work);
  if (!covered) return pass_on(covered);
  return ledger.copy_to(path);
}

Result<Done> backup_is_written(const Work& work, const std::string& name, const Digest& ledger) {
  auto receipt = record(
      work, {.name = "backup.written", .outcome = "ok", .details = {{"name", name}, {"ledger_sha256", to_hex(ledger)}}},
      kBackupTag);
  if (!receipt) return pass_on(receipt);
  return Done{};
}

Result<std::optional<LastBackup>> last_backup(const Ledger& ledger) {
  auto newest = newest_entry(ledger, kBackupTag);
  if (!newest) return pass_on(newest);
  if (!*newest) return std::nullopt;
  return LastBackup{.name = (*newest)->event.details.value("name", ""), .time = (*newest)->context.time};
}

Result<std::optional<LastRestore>> last_restore(const Ledger& ledger) {
  auto newest = newest_entry(ledger, kRestoredTag);
  if (!newest) return pass_on(newest);
  if (!*newest) return std::nullopt;
  const auto& details = (*newest)->event.details;
  return LastRestore{.backup = details.value("backup", ""),
                     .time = (*newest)->context.time,
                     .size = details.value("size", std::uint64_t{0}),
                     .log_size = details.value("log_size", std::uint64_t{0})};
}

}  // namespace sealroom
