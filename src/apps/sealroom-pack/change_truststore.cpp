#include "change_truststore.hpp"

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include <fmt/format.h>

#include "compare_store.hpp"
#include "input_files.hpp"
#include "sealroom/base/text.hpp"
#include "sealroom/crypto/crypto.hpp"
#include "trust_files.hpp"

namespace sealroom::pack {
namespace {

// OldStore is the file to be changed, held so that nobody else changes it meanwhile (sealroom-pack, that is).
class OldStore {
 public:
  static Result<OldStore> open(const std::string& file);

  const std::string& path() const { return path_; }  // with every link followed
  const struct stat& status() const { return status_; }
  Result<StoreContents> read(const Secret& password) const;

 private:
  std::string path_;
  struct stat status_{};
  Fd fd_;
};

Result<OldStore> OldStore::open(const std::string& file) {
  OldStore store;
  std::error_code failed;
  store.path_ = std::filesystem::canonical(file, failed).string();
  if (failed) {
    return fail(ErrorKind::Failed, fmt::format("{}: cannot be opened: {}", printable(file), failed.message()));
  }
  store.fd_ = Fd(::open(store.path_.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  if (!store.fd_ || fstat(store.fd_.get(), &store.status_) != 0) {
    return fail(ErrorKind::Failed, fmt::format("{}: cannot be opened: {}", printable(file), strerror(errno)));
  }
  if (!S_ISREG(store.status_.st_mode)) {
    return fail(ErrorKind::Failed, fmt::format("{}: is not a regular file", printable(file)));
  }
  struct stat now{};
  // Whoever waited for the lock could hold what is no longer the store.
  if (flock(store.fd_.get(), LOCK_EX | LOCK_NB) != 0 || stat(store.path_.c_str(), &now) != 0 ||
      now.st_ino != store.status_.st_ino) {
    return fail(ErrorKind::Failed, fmt::format("{}: is being changed by another sealroom-pack", printable(file)),
                "wait for it, and say this again");
  }
  return store;
}

Result<StoreContents> OldStore::read(const Secret& password) const {
  auto octets = read_file(path_, kLargestStore);
  if (!octets) return pass_on(octets);
  auto contents = read_store(*octets, password);
  if (!contents) return contents;
  if (!contents->verified) {
    return fail(ErrorKind::Failed, "has no MAC, so nothing shows whether it was changed", "write the store anew");
  }
  const bool keys = std::ranges::count(contents->entries, EntryKind::PrivateKey, &StoreEntry::kind) > 0;
  if (keys || contents->open_key) {
    return fail(ErrorKind::Failed, "pack.private-key: holds a private key; a truststore never does",
                "write a truststore of the CA certificates alone, and keep the key on its own host");
  }
  return contents;
}

// Takes what shall be removed out of `contents`; how many entries that are.
Result<std::size_t> remove_entries(StoreContents& contents, const std::vector<std::string>& aliases) {
  std::size_t removed = 0;
  for (const auto& alias : aliases) {
    const auto lower = ascii_lower(printable(alias));
    const auto count =
        std::erase_if(contents.entries, [&](const auto& one) { return ascii_lower(one.alias) == lower; });
    if (count == 0) {
      return fail(ErrorKind::Failed, fmt::format("alias '{}': is not in the store", printable(alias)),
                  "sealroom-pack inspect FILE lists the aliases");
    }
    removed += count;
  }
  if (!aliases.empty() && contents.entries.empty()) {
    return fail(ErrorKind::Failed, "nothing would be left to trust, and Java opens no such truststore",
                "add what shall be trusted first, or delete the file");
  }
  return removed;
}

Result<std::vector<MeantEntry>> write_entries(TruststoreWriter& writer, const StoreContents& kept,
                                              const TruststoreChange& change, const TrustFiles& added) {
  std::vector<MeantEntry> meant;
  for (const auto& entry : kept.entries) {
    auto written = writer.keep(entry);
    if (!written) return pass_on(written);
    meant.push_back({entry.alias, sha256(entry.octets), MeantEntry::Of::Octets});
  }
  for (std::size_t i = 0; i < change.add.size(); ++i) {
    auto der = added.octets(i);
    if (!der) return pass_on(der);
    auto written = writer.add({change.add[i].alias, change.created.at, std::move(*der)});
    if (!written) return pass_on(written);
    meant.push_back({change.add[i].alias, added.digest(i)});
  }
  auto finished = writer.finish();
  if (!finished) return pass_on(finished);
  return meant;
}

Result<Done> replace(const OldStore& old, const StoreContents& kept, const TruststoreChange& change,
                     const TrustFiles& added, const Secret& password) {
  auto staged = StagedFile::create(old.path());
  if (!staged) return pass_on(staged);
  auto writer = TruststoreWriter::begin(kept.type, *staged, kept.entries.size() + change.add.size(), password,
                                        change.created.salts);
  if (!writer) return pass_on(writer);
  auto meant = write_entries(**writer, kept, change, added);
  if (!meant) return pass_on(meant);
  auto complete = staged->complete();
  if (!complete) return complete;
  FileSource written(staged->descriptor(), old.path());
  auto same = compare_truststore(written, kept.type, *meant, password);
  if (!same) return same;
  const auto& status = old.status();
  if ((status.st_uid != geteuid() || status.st_gid != getegid()) &&
      fchown(staged->descriptor(), status.st_uid, status.st_gid) != 0) {
    return fail(ErrorKind::Failed, fmt::format("cannot be given its owner again: {}", strerror(errno)),
                "change it as its owner");
  }
  return std::move(*staged).publish(status.st_mode & 0777, IfExists::Replace);
}

}  // namespace

Result<ChangedTruststore> change_truststore(const TruststoreChange& change, Instant now) {
  const auto where = printable(change.file);
  auto old = OldStore::open(change.file);
  if (!old) return pass_on(old);
  auto password = read_password(change.password, "store password");
  if (!password) return pass_on(password);
  auto contents = old->read(*password);
  if (!contents) return pass_on(contents, where);
  ChangedTruststore changed;
  changed.type = contents->type;
  TrustFiles files(change.add);
  auto findings = examine_trust(files, change.kind, now);
  if (!findings) return pass_on(findings);
  changed.findings = std::move(*findings);
  if (!changed.findings.empty()) return changed;
  auto removed = remove_entries(*contents, change.remove);
  if (!removed) return pass_on(removed, where);
  changed.removed = *removed;
  changed.kept = contents->entries.size();
  auto replaced = replace(*old, *contents, change, files, *password);
  if (!replaced) return pass_on(replaced, where);
  return changed;
}

}  // namespace sealroom::pack
