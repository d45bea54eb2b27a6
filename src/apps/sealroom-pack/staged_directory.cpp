#include "staged_directory.hpp"

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>

#include <fmt/format.h>

#include "sealroom/base/text.hpp"
#include "staged_file.hpp"

namespace sealroom::pack {
namespace {

namespace fs = std::filesystem;

constexpr int kEndings[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

sigset_t endings() {
  sigset_t set;
  sigemptyset(&set);
  for (const int ending : kEndings) sigaddset(&set, ending);
  return set;
}

std::unexpected<Error> failed(const std::string& path, const char* what, int reason) {
  return fail(ErrorKind::Failed, fmt::format("{}: {}: {}", printable(path), what, strerror(reason)));
}

// In NAME.partial: says that it is ours to empty. What is being made stands beside it.
constexpr const char* kMarker = "sealroom-pack-partial";
constexpr const char* kContents = "contents";

// Nobody else may look into the directory, or have put there what is going to be removed.
Result<Done> check_ours(const std::string& path, int directory) {
  struct stat status{};
  if (fstat(directory, &status) != 0) return failed(path, "cannot be looked at", errno);
  if (status.st_uid == geteuid() && (status.st_mode & 077) == 0) return Done{};
  return fail(ErrorKind::Failed,
              fmt::format("{}: is in the way: belongs to somebody else, or others may enter it", printable(path)),
              "move it away, or remove it");
}

// Empties the directory where it has the marker; an empty one gets it.
Result<Done> take_over(const std::string& path, int directory) {
  struct stat status{};
  const bool marked = fstatat(directory, kMarker, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(status.st_mode);
  std::error_code failure;
  for (fs::directory_iterator left(path, failure), end; !failure && left != end; left.increment(failure)) {
    if (!marked) {
      return fail(ErrorKind::Failed,
                  fmt::format("{}: is in the way: holds what is not of sealroom-pack", printable(path)),
                  "move it away, or remove it");
    }
    if (left->path().filename() != kMarker) fs::remove_all(left->path(), failure);
    if (failure) break;
  }
  if (failure) return failed(path, "cannot be emptied", failure.value());
  return marked ? Done{} : write_new_file(path + "/" + kMarker, {}, 0600);
}

// Makes `path`, or opens it if it is there, and locks it. The lock goes with the process, however that ends.
Result<Fd> lock_directory(const std::string& path) {
  if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return failed(path, "cannot be created", errno);
  Fd directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!directory) return failed(path, "is in the way", errno);
  auto ours = check_ours(path, directory.get());
  if (!ours) return pass_on(ours);
  if (flock(directory.get(), LOCK_EX | LOCK_NB) == 0) return directory;
  return fail(ErrorKind::Failed, fmt::format("{}: is being written by another process", printable(path)));
}

}  // namespace

StagedDirectory::Uninterrupted::Uninterrupted() {
  const sigset_t set = endings();
  sigprocmask(SIG_BLOCK, &set, &before_);
}

StagedDirectory::Uninterrupted::~Uninterrupted() { sigprocmask(SIG_SETMASK, &before_, nullptr); }

bool StagedDirectory::Uninterrupted::asked_to_end() {
  sigset_t waiting;
  sigpending(&waiting);
  for (const int ending : kEndings) {
    if (sigismember(&waiting, ending) == 1) return true;
  }
  return false;
}

StagedDirectory::StagedDirectory(std::string target, std::string partial)
    : uninterrupted_(std::make_unique<Uninterrupted>()), target_(std::move(target)), partial_(std::move(partial)) {}

StagedDirectory::StagedDirectory(StagedDirectory&& other) noexcept
    : uninterrupted_(std::move(other.uninterrupted_)),
      target_(std::move(other.target_)),
      partial_(std::exchange(other.partial_, {})),
      lock_(std::move(other.lock_)) {}

StagedDirectory::~StagedDirectory() {
  std::error_code ignored;
  if (!partial_.empty() && lock_) fs::remove_all(partial_, ignored);
}

Result<StagedDirectory> StagedDirectory::create(const std::string& target) {
  fs::path path(target);
  if (!path.has_filename()) path = path.parent_path();  // "DIR/"
  auto free = check_free(path.string(), IfExists::Refuse);
  if (!free) return pass_on(free);
  StagedDirectory directory(path.string(), path.string() + ".partial");
  auto lock = lock_directory(directory.partial_);
  if (!lock) return pass_on(lock);
  auto taken = take_over(directory.partial_, lock->get());
  if (!taken) return pass_on(taken);
  directory.lock_ = std::move(*lock);
  auto made = directory.make_folder("");
  if (!made) return pass_on(made);
  return directory;
}

std::string StagedDirectory::path_of(const std::string& path) const {
  return fmt::format("{}/{}/{}", partial_, kContents, path);
}

Result<Done> StagedDirectory::make_folder(const std::string& path) {
  for (fs::path made = partial_; const auto& part : kContents / fs::path(path)) {
    made /= part;
    if (part.empty()) continue;
    if (mkdir(made.c_str(), 0700) != 0 && errno != EEXIST) return failed(made.string(), "cannot be created", errno);
  }
  return Done{};
}

Result<Done> StagedDirectory::write(const std::string& path, ByteView octets, mode_t mode) {
  auto folder = make_folder(fs::path(path).parent_path().string());
  if (!folder) return folder;
  return write_new_file(path_of(path), octets, mode);
}

Result<Done> StagedDirectory::publish() && {
  const auto contents = partial_ + "/" + kContents;
  std::error_code failure;
  for (fs::recursive_directory_iterator entry(contents, failure), end; !failure && entry != end;
       entry.increment(failure)) {
    if (!entry->is_directory(failure)) continue;
    auto synced = sync_directory(entry->path().string());
    if (!synced) return synced;
  }
  if (failure) return failed(contents, "cannot be read back", failure.value());
  auto synced = sync_directory(contents);
  if (!synced) return synced;
  if (Uninterrupted::asked_to_end()) {
    return fail(ErrorKind::Failed, fmt::format("{}: interrupted; nothing was written", printable(target_)));
  }
  if (renameat2(AT_FDCWD, contents.c_str(), AT_FDCWD, target_.c_str(), RENAME_NOREPLACE) != 0) {
    return failed(target_, "cannot be put in place", errno);
  }
  const auto parent = fs::path(target_).parent_path();
  return sync_directory(parent.empty() ? "." : parent.string());
}

}  // namespace sealroom::pack
