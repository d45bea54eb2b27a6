#include "sealroom/media/outbox.hpp"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "beneath.hpp"
#include "sealroom/base/text.hpp"
#include "sealroom/crypto/crypto.hpp"
#include "tree.hpp"

namespace sealroom {
namespace {

constexpr mode_t kFolderMode = 0755;

// Files that one thread fills before it ends: worth a thread, and few enough for three times as many to be open.
constexpr std::size_t kFilledAtOnce = 64;
constexpr std::size_t kLargest = 256 * 1024;  // octets of a file that is worth its memory until its turn
constexpr std::size_t kThreads = 2;           // that fill, beside the one that begins

// Plain names mean the same on every file system a medium may have, FAT included.
bool is_plain(std::string_view name) {
  static constexpr std::string_view taken = "\"*/:<>?\\|";
  const auto fits = [](char c) { return c >= 0x20 && c <= 0x7e && taken.find(c) == std::string_view::npos; };
  return !name.empty() && name.size() <= 255 && name.front() != '.' && name.back() != '.' && name.back() != ' ' &&
         std::ranges::all_of(name, fits);
}

std::unexpected<Error> not_plain(std::string_view path) {
  return fail(ErrorKind::Failed, fmt::format("{}: is not a path that can be written to every medium", printable(path)));
}

Fd folder_beneath(int directory, const std::string& name) {
  if (mkdirat(directory, name.c_str(), kFolderMode) != 0 && errno != EEXIST) return Fd();
  return open_beneath(directory, name, O_RDONLY | O_DIRECTORY);
}

// File systems without modes (FAT) refuse in one of these ways.
bool means_no_modes(int reason) {
  return reason == EPERM || reason == EOPNOTSUPP || reason == EINVAL || reason == ENOSYS;
}

// Everything below `folder`, and its own names; EINVAL comes from file systems that cannot sync a folder by itself.
bool make_durable(int folder) { return syncfs(folder) == 0 && (fsync(folder) == 0 || errno == EINVAL); }

// 0, or why not.
int set_mode(int file, mode_t mode) { return fchmod(file, mode) == 0 || means_no_modes(errno) ? 0 : errno; }

// 0, or why not.
int append(int file, ByteView octets) {
  while (!octets.empty()) {
    const auto put = ::write(file, octets.data(), octets.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return errno;
    octets = octets.subspan(static_cast<std::size_t>(put));
  }
  return 0;
}

int rename_unless_there(int directory, const std::string& from, const std::string& to) {
  if (renameat2(directory, from.c_str(), directory, to.c_str(), RENAME_NOREPLACE) == 0) return 0;
  if (errno != EINVAL && errno != ENOSYS) return errno;
  struct stat status{};
  if (status_beneath(directory, to, status)) return EEXIST;
  if (errno != ENOENT) return errno;
  return renameat(directory, from.c_str(), directory, to.c_str()) == 0 ? 0 : errno;
}

std::string first_difference(const std::map<std::string, Digest>& given, const std::map<std::string, Digest>& found) {
  for (const auto& [path, digest] : given) {
    const auto at = found.find(path);
    if (at == found.end() || at->second != digest) return path;
  }
  for (const auto& [path, digest] : found) {
    if (!given.contains(path)) return path;
  }
  return {};
}

}  // namespace

Result<Outbox> Outbox::create(const std::string& medium, const std::string& parent, const std::string& name) {
  if (!is_plain(parent) || !is_plain(name)) return not_plain(parent + "/" + name);
  auto root = open_medium(medium);
  if (!root) return pass_on(root);
  Outbox outbox;
  outbox.medium_ = medium;
  outbox.parent_name_ = parent;
  outbox.final_name_ = name;
  outbox.partial_name_ = name + ".partial";
  const bool made = mkdirat(root->get(), parent.c_str(), kFolderMode) == 0;
  Fd folder = folder_beneath(root->get(), parent);
  if (!folder) return medium_failure(medium, parent, errno);
  struct stat status{};
  if (status_beneath(folder.get(), name, status)) {
    return fail(ErrorKind::Failed, fmt::format("{}: {}/{} is already there", printable(medium), parent, name));
  }
  if (errno != ENOENT) return medium_failure(medium, parent + "/" + name, errno);
  const auto partial = parent + "/" + outbox.partial_name_;
  if (!remove_tree(folder.get(), outbox.partial_name_)) return medium_failure(medium, partial, errno);
  if (mkdirat(folder.get(), outbox.partial_name_.c_str(), kFolderMode) != 0) {
    return medium_failure(medium, partial, errno);
  }
  outbox.parent_ = std::move(folder);
  if (made) outbox.root_ = std::move(*root);
  outbox.directory_ = open_beneath(outbox.parent_.get(), outbox.partial_name_, O_RDONLY | O_DIRECTORY);
  if (!outbox.directory_) return outbox.abandoned({}, errno);
  return outbox;
}

Outbox& Outbox::operator=(Outbox&& other) noexcept {
  if (this == &other) return *this;
  abandon();
  medium_ = std::move(other.medium_);
  parent_name_ = std::move(other.parent_name_);
  final_name_ = std::move(other.final_name_);
  partial_name_ = std::move(other.partial_name_);
  root_ = std::move(other.root_);
  parent_ = std::move(other.parent_);
  directory_ = std::move(other.directory_);
  written_ = std::move(other.written_);
  folders_ = std::move(other.folders_);
  begun_ = std::move(other.begun_);
  filling_ = std::move(other.filling_);
  return *this;
}

Outbox::~Outbox() { abandon(); }

void Outbox::abandon() noexcept {
  begun_.clear();
  filling_.clear();  // waits for those who still write
  directory_ = Fd();
  if (parent_) remove_tree(parent_.get(), partial_name_);
  if (root_) unlinkat(root_.get(), parent_name_.c_str(), AT_REMOVEDIR);  // stays when it holds something else
  parent_ = Fd();
  root_ = Fd();
}

std::unexpected<Error> Outbox::failure(const std::string& path, int reason) const {
  const auto folder = parent_name_ + "/" + partial_name_;
  return medium_failure(medium_, path.empty() ? folder : folder + "/" + path, reason);
}

std::unexpected<Error> Outbox::abandoned(const std::string& path, int reason) {
  abandon();
  return failure(path, reason);
}

Result<Done> Outbox::write(const std::string& path, ByteView octets, mode_t mode) {
  return create_file(path, [&]() -> Result<ByteView> { return std::exchange(octets, {}); }, mode);
}

Result<Done> Outbox::write(const std::string& path, const std::function<Result<Bytes>()>& next, mode_t mode) {
  Bytes piece;
  return create_file(
      path,
      [&]() -> Result<ByteView> {
        auto more = next();
        if (!more) return pass_on(more);
        piece = std::move(*more);
        return ByteView(piece);
      },
      mode);
}

Result<Done> Outbox::write_behind(const std::string& path, Bytes octets, mode_t mode) {
  if (octets.size() > kLargest) return write(path, octets, mode);
  auto file = begin(path);
  if (!file) return pass_on(file);
  begun_.push_back({.file = std::move(*file), .path = path, .octets = std::move(octets), .mode = mode});
  if (begun_.size() < kFilledAtOnce) return Done{};
  auto room = filling_.size() < kThreads ? Done{} : take_filled();
  if (!room) return room;
  fill_begun(std::launch::async | std::launch::deferred);
  return Done{};
}

void Outbox::fill_begun(std::launch when) {
  const auto files = std::make_shared<std::vector<Begun>>(std::exchange(begun_, {}));
  // An object with a name: where no thread is to be had, std::async puts off what it has moved away already.
  const auto work = [files] { return fill(*files); };
  filling_.push_back(std::async(when, work));
}

Result<Done> Outbox::settle() {
  if (!directory_) return ended();
  if (!begun_.empty()) fill_begun(std::launch::deferred);
  while (!filling_.empty()) {
    auto taken = take_filled();
    if (!taken) return taken;
  }
  return Done{};
}

Outbox::Filled Outbox::fill(std::vector<Begun>& files) {
  Filled filled;
  for (auto& begun : files) {
    filled.reason = append(begun.file.get(), begun.octets);
    if (filled.reason == 0) filled.reason = set_mode(begun.file.get(), begun.mode);
    if (filled.reason != 0) {
      filled.failed = std::move(begun.path);
      break;
    }
    begun.file = Fd();
    filled.digests.emplace_back(std::move(begun.path), sha256(begun.octets));
    begun.octets = {};
  }
  return filled;
}

// Awaits those files that were begun first.
Result<Done> Outbox::take_filled() {
  const auto filled = filling_.front().get();
  filling_.erase(filling_.begin());
  if (filled.reason != 0) return abandoned(filled.failed, filled.reason);
  for (const auto& [path, digest] : filled.digests) written_[path] = digest;
  return Done{};
}

std::unexpected<Error> Outbox::ended() const {
  return fail(ErrorKind::Failed, fmt::format("{}: this export has ended already", printable(medium_)));
}

// Claims `path` and makes the folders above it.
Result<Done> Outbox::claim(const std::string& path) {
  if (!directory_) return ended();
  const auto parts = split(path, '/');
  if (!std::ranges::all_of(parts, is_plain)) {
    abandon();
    return not_plain(path);
  }
  if (!written_.try_emplace(path).second) {
    abandon();
    return fail(ErrorKind::Failed, fmt::format("{}: {} is written twice", printable(medium_), path));
  }
  const auto folder = path.substr(0, path.size() - parts.back().size());
  if (folders_.contains(folder)) return Done{};
  Fd deeper;
  int above = directory_.get();
  for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
    deeper = folder_beneath(above, std::string(parts[i]));
    if (!deeper) return abandoned(path, errno);
    above = deeper.get();
  }
  folders_.insert(folder);
  return Done{};
}

// Makes an empty file.
Result<Fd> Outbox::begin(const std::string& path) {
  auto claimed = claim(path);
  if (!claimed) return pass_on(claimed);
  Fd file = open_beneath(directory_.get(), path, O_WRONLY | O_CREAT | O_EXCL, 0600);
  if (file) return file;
  if (errno == EEXIST) {
    abandon();
    return fail(ErrorKind::Failed,
                fmt::format("{}: {} is there already, perhaps with other letter case", printable(medium_), path));
  }
  return abandoned(path, errno);
}

Result<Done> Outbox::create_file(const std::string& path, const std::function<Result<ByteView>()>& next, mode_t mode) {
  auto file = begin(path);
  if (!file) return pass_on(file);
  const auto give_up = [&](int reason) {
    *file = Fd();  // first: some file systems keep a file that is open, and its folder, under another name
    return abandoned(path, reason);
  };
  Sha256 digest;
  for (;;) {
    auto piece = next();
    if (!piece) return static_cast<void>(give_up(0)), pass_on(piece);
    if (piece->empty()) break;
    digest.add(*piece);
    const int reason = append(file->get(), *piece);
    if (reason != 0) return give_up(reason);
  }
  const int reason = set_mode(file->get(), mode);
  if (reason != 0) return give_up(reason);
  written_[path] = digest.finish();
  return Done{};
}

Result<Done> Outbox::finish() {
  auto settled = settle();
  if (!settled) return settled;
  if (!make_durable(directory_.get())) return abandoned({}, errno);
  auto same = read_back();
  if (!same) {
    abandon();
    return same;
  }
  return rename_into_place();
}

Result<Done> Outbox::read_back() const {
  auto found = digests_in(directory_.get(), medium_);
  if (!found) return pass_on(found);
  const auto path = first_difference(written_, *found);
  if (path.empty()) return Done{};
  return fail(ErrorKind::Failed,
              fmt::format("{}: {} reads back otherwise than it was written", printable(medium_), printable(path)),
              "the medium is damaged, or something else writes to it; use another one");
}

Result<Done> Outbox::rename_into_place() {
  const int reason = rename_unless_there(parent_.get(), partial_name_, final_name_);
  if (reason == EEXIST) {
    abandon();
    return fail(ErrorKind::Failed,
                fmt::format("{}: {}/{} is already there", printable(medium_), parent_name_, final_name_));
  }
  if (reason != 0) return abandoned({}, reason);
  if (!make_durable(parent_.get())) {
    const int unsynced = errno;
    renameat(parent_.get(), final_name_.c_str(), parent_.get(), partial_name_.c_str());
    return abandoned({}, unsynced);
  }
  directory_ = Fd();
  parent_ = Fd();
  root_ = Fd();
  return Done{};
}

}  // namespace sealroom
