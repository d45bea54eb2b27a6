#include "restore_home.hpp"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <memory>

#include <fmt/format.h>

#include "home.hpp"
#include "software.hpp"
#include "sealroom/audit/folder.hpp"
#include "sealroom/audit/verify.hpp"
#include "sealroom/base/file.hpp"
#include "sealroom/base/text.hpp"
#include "sealroom/crypto/crypto.hpp"
#include "sealroom/issuance/backup.hpp"
#include "sealroom/issuance/restore.hpp"
#include "sealroom/issuance/verification.hpp"
#include "sealroom/x509/pem.hpp"

namespace sealroom::daemon {
namespace {

constexpr const char* kExports = "run/exports";
constexpr const char* kVouched = "run/exports/log-keys.pem";  // keys that a person vouches for

constexpr std::size_t kLargestKeys = std::size_t{1} << 20;

constexpr std::size_t kLargestFile = std::size_t{512} << 20;  // that is read as a whole, as sealroom-verify does

// An export in the home that was verified under the log's key.
struct Brought {
  ExportFolder folder;
  ExportKind kind;
};

// Log keys under which exports are verified.
struct LogKeysGiven {
  std::vector<PublicKey> all;
  std::vector<std::string> vouched;  // SHA-256 of those that this log does not have: a person gave them
};

Result<LogKeysGiven> log_keys_given(const Ledger& ledger) {
  auto own = ledger.log_keys();
  if (!own) return pass_on(own);
  LogKeysGiven given;
  if (*own) given.all = (*own)->newest_first();
  std::error_code trouble;
  if (!std::filesystem::exists(kVouched, trouble)) return given;
  auto pem = read_file(kVouched, kLargestKeys);
  if (!pem) return pass_on(pem);
  auto ders = read_public_keys(as_text(*pem), "--log-key");
  if (!ders) return fail(ErrorKind::Usage, ders.error().message, ders.error().hint);
  for (const auto& der : *ders) {
    auto key = PublicKey::parse(der);
    if (!key || key->type() != KeyType::EcP256) {
      return fail(ErrorKind::Usage, "--log-key: is not an EC P-256 public key", "give the log's public key");
    }
    const bool known = std::ranges::find(given.all, key->digest(), &PublicKey::digest) != given.all.end();
    if (known) continue;
    given.vouched.push_back(to_hex(key->digest()));
    given.all.push_back(std::move(*key));
  }
  return given;
}

std::string findings_of(const Verification& verification) {
  std::string text;
  for (const auto& finding : verification.findings) {
    if (text.size() > 500) return text + "; …";
    text += fmt::format("{}{}: {}", text.empty() ? "" : "; ", finding.id, finding.detail);
  }
  return text;
}

Result<Brought> verified(const std::string& path, const std::vector<PublicKey>& log_keys) {
  auto folder = ExportFolder::open(path);
  if (!folder) return pass_on(folder);
  auto verification = verify_export(*folder, {.roots = {}, .log_keys = log_keys, .since = {}, .consistency = {}});
  if (!verification) return pass_on(verification);
  if (verification->agrees() && verification->log_anchored) return Brought{std::move(*folder), verification->kind};
  const bool other_key =
      std::ranges::find(verification->findings, "verify.log-anchor", &Finding::id) != verification->findings.end();
  return fail(ErrorKind::Integrity, fmt::format("the export does not verify: {}", findings_of(*verification)),
              other_key
                  ? "when the log's key was replaced after this copy was made, and the new one's fingerprint stands in "
                    "your record: give that key with --log-key; nothing was taken in"
                  : "see what sealroom-verify says of it; nothing of it was taken in");
}

// Everything in run/exports, in the order in which it was named.
Result<std::vector<Brought>> read_exports(const std::vector<PublicKey>& log_keys) {
  std::vector<Brought> all;
  std::error_code trouble;
  for (std::size_t number = 1; std::filesystem::exists(fmt::format("{}/{}", kExports, number), trouble); ++number) {
    if (log_keys.empty()) {
      return fail(ErrorKind::NeedsPerson, "the ledger has no log key yet, so no export can be verified",
                  "restore the backup without exports, or vouch for the log's key with --log-key");
    }
    auto one = verified(fmt::format("{}/{}", kExports, number), log_keys);
    if (!one) return pass_on(one, fmt::format("export {}", number));
    all.push_back(std::move(*one));
  }
  return all;
}

VerifiedExport contents_of(const ExportFolder& folder) {
  VerifiedExport contents{.paths = folder.paths(), .read = {}, .each_line = {}};
  contents.read = [&folder](const std::string& path) -> Result<std::string> {
    std::string text;
    auto read = folder.read(path, [&](ByteView piece) -> Result<Done> {
      text += as_text(piece);
      if (text.size() <= kLargestFile) return Done{};
      return fail(ErrorKind::Failed, fmt::format("{}: is too large", printable(path)));
    });
    if (!read) return pass_on(read, printable(path));
    return text;
  };
  contents.each_line = [&folder](const std::string& path,
                                 const std::function<Result<Done>(std::string_view)>& visit) -> Result<Done> {
    std::string rest;
    return folder.read(path, [&](ByteView piece) -> Result<Done> {
      rest += as_text(piece);
      std::size_t start = 0;
      for (auto end = rest.find('\n'); end != std::string::npos; end = rest.find('\n', start)) {
        auto visited = visit(std::string_view(rest).substr(start, end - start));
        if (!visited) return visited;
        start = end + 1;
      }
      rest.erase(0, start);
      return Done{};
    });
  };
  return contents;
}

Json json_of(const Return::Missing& missing) {
  Json certificates = Json::array();
  for (const auto& row : missing.certificates) {
    certificates.push_back(
        {{"batch", row.batch}, {"issuer", row.issuer}, {"serial", row.serial}, {"state", row.state}});
  }
  return certificates;
}

Result<Done> take_logs(Return& change, const std::vector<Brought>& exports, Json& answer) {
  std::uint64_t entries = 0;
  for (const auto& brought : exports) {
    if (brought.kind != ExportKind::Log) continue;
    auto added = change.take_log(contents_of(brought.folder));
    if (!added) return pass_on(added);
    entries += *added;
  }
  answer["entries"] = entries;
  return Done{};
}

// What was verified has the shape that it needs; a member that sealroom-verify passes over may still have another.
Result<ReturnedBatch> take_batch(Return& change, const Brought& brought) {
  try {
    return change.take_batch(contents_of(brought.folder));
  } catch (const Json::exception& wrong) {
    return fail(ErrorKind::Integrity, fmt::format("the export has another shape: {}", printable(wrong.what())));
  }
}

Result<Done> take_batches(Return& change, const std::vector<Brought>& exports, Json& answer) {
  answer["batches"] = Json::array();
  for (const auto& brought : exports) {
    if (brought.kind != ExportKind::Batch) continue;
    auto batch = take_batch(change, brought);
    if (!batch) return pass_on(batch);
    answer["batches"].push_back(
        {{"batch", batch->batch}, {"certificates", batch->certificates}, {"in_log", batch->in_log}});
  }
  return Done{};
}

// What could not be opened again is not made durable.
Result<std::string> finish(const Ledger& ledger, Return change, std::uint64_t from, Json answer) {
  auto missing = change.note_missing(from);
  if (!missing) return pass_on(missing);
  auto sound = ledger.check_tail();
  if (!sound) return pass_on(sound);
  answer["missing"] = json_of(*missing);
  answer["missing_keys"] = missing->keys;
  auto receipt = std::move(change).commit();
  if (!receipt) return pass_on(receipt);
  return answer.dump(-1, ' ', true);
}

// What works on a ledger without a daemon: no token is asked, so there is no module behind the keys.
struct Workshop {
  static Result<std::unique_ptr<Workshop>> open(const Configuration& configuration) {
    auto sound = Ledger::examine(kLedger);
    if (!sound) return pass_on(sound);
    auto ledger = Ledger::open(kLedger, LedgerAccess::ReadWrite);
    if (!ledger) return pass_on(ledger);
    auto software = own_digest();
    if (!software) return pass_on(software);
    return std::make_unique<Workshop>(configuration, std::move(*ledger), *software);
  }
  Workshop(const Configuration& settings, Ledger opened, const std::string& software)
      : ledger(std::move(opened)),
        keys(nullptr, settings),
        appliance{settings, ledger, keys, clock, software, 1},
        work{.appliance = appliance, .actor = {.uid = getuid(), .pid = getpid(), .role = "daemon"}} {}

  SystemClock clock;
  Ledger ledger;
  KeyRing keys;
  Appliance appliance;
  Work work;
};

// What `audit verify` found wrong stops everything that writes, and this is no other way in.
Result<Done> is_not_found_wrong(const Ledger& ledger) {
  auto verification = newest_verification(ledger);
  if (!verification) return pass_on(verification);
  if (!*verification || (*verification)->trouble.empty()) return Done{};
  return found_wrong(**verification);
}

}  // namespace

Result<std::string> finish_restore(const Configuration& configuration) {
  auto shop = Workshop::open(configuration);
  if (!shop) return pass_on(shop);
  const auto& ledger = (*shop)->ledger;
  auto size = verify_ledger(ledger, [](std::uint64_t, std::uint64_t) {});
  if (!size) return pass_on(size);
  auto made = newest_entry(ledger);
  if (!made) return pass_on(made);
  if (!*made) return fail(ErrorKind::Integrity, "the ledger of the backup has no entries");
  auto keys = log_keys_given(ledger);
  if (!keys) return pass_on(keys);
  auto exports = read_exports(keys->all);
  if (!exports) return pass_on(exports);
  auto change = Return::begin((*shop)->work, keys->vouched);
  if (!change) return pass_on(change);
  Json answer{{"format", "sealroom-restore/1"}, {"size", *size}, {"vouched", keys->vouched}};
  auto done = take_logs(*change, *exports, answer);
  if (!done) return pass_on(done);
  auto backup = change->restored(**made);
  if (!backup) return pass_on(backup);
  answer["backup"] = *backup;
  done = take_batches(*change, *exports, answer);
  if (!done) return pass_on(done);
  return finish(ledger, std::move(*change), *size, std::move(answer));
}

Result<std::string> take_exports(const Configuration& configuration) {
  auto lock = lock_home();
  if (!lock) return pass_on(lock);
  auto shop = Workshop::open(configuration);
  if (!shop) return pass_on(shop);
  const auto& ledger = (*shop)->ledger;
  auto right = is_not_found_wrong(ledger);
  if (!right) return pass_on(right);
  auto keys = log_keys_given(ledger);
  if (!keys) return pass_on(keys);
  auto exports = read_exports(keys->all);
  if (!exports) return pass_on(exports);
  auto change = Return::begin((*shop)->work, keys->vouched);
  if (!change) return pass_on(change);
  auto size = ledger.log_size();
  if (!size) return pass_on(size);
  auto restore = last_restore(ledger);
  if (!restore) return pass_on(restore);
  Json answer{{"format", "sealroom-restore/1"}, {"vouched", keys->vouched}};
  auto done = take_logs(*change, *exports, answer);
  if (done && answer.at("entries") != 0) {
    done = fail(ErrorKind::Integrity, "the export of the log has entries that this ledger lacks: it is an older copy",
                "entries come back when a backup is restored: restore one into a new home, with --export");
  }
  if (done) done = take_batches(*change, *exports, answer);
  if (!done) return pass_on(done);
  return finish(ledger, std::move(*change), *restore ? (*restore)->size : *size, std::move(answer));
}

}  // namespace sealroom::daemon
