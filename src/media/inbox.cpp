#include "sealroom/media/inbox.hpp"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "beneath.hpp"
#include "sealroom/base/text.hpp"

namespace sealroom {
namespace {

constexpr std::array<std::string_view, 5> kEndings = {".csr", ".pem", ".der", ".req", ".p10"};

bool has_ending_of_request(const std::string& name) {
  const auto lower = ascii_lower(name);
  return std::ranges::any_of(kEndings, [&](std::string_view ending) { return lower.ends_with(ending); });
}

// What a folder on the medium stands for, from requests/ down.
enum class Level { Requests, Issuer, Profile };

struct Folder {
  Fd fd;
  std::string path;  // relative to requests/, empty for requests/ itself
  Level level;
};

struct Entry {
  std::string path;
  struct stat status{};
};

std::string kind_in_words(mode_t mode) {
  switch (mode & S_IFMT) {
    case S_IFDIR: return "a folder";
    case S_IFIFO: return "a pipe";
    case S_IFSOCK: return "a socket";
    case S_IFCHR:
    case S_IFBLK: return "a device";
    default: return "no regular file";
  }
}

// A file that is still to be read.
struct Unread {
  std::string path;
};

// Walk lists everything below the requests/ folder of a medium first, and then reads file by file in the order of the
// paths: of a large medium only the names are held.
class Walk {
 public:
  using Visit = std::function<Result<Done>(Found)>;

  Walk(const std::string& medium, Fd requests, const InboxLimits& limits, const Visit& visit)
      : medium_(medium),
        requests_(std::move(requests)),
        limits_(limits),
        visit_(visit),
        buffer_(limits.octets_per_file + 1) {}

  Result<Done> run() {
    Fd top = open_beneath(requests_.get(), ".", O_RDONLY | O_DIRECTORY | O_NONBLOCK);
    if (!top) return gone({}, errno);
    auto listed = folder({std::move(top), {}, Level::Requests});
    if (!listed) return listed;
    std::ranges::sort(found_, {}, [](const Listed& found) -> const std::string& {
      return std::visit([](const auto& one) -> const std::string& { return one.path; }, found);
    });
    for (auto& found : found_) {
      auto visited = std::visit([this](auto& one) { return hand_over(one); }, found);
      if (!visited) return visited;
    }
    return Done{};
  }

 private:
  using Listed = std::variant<Unread, UnreadableFile, IgnoredFile>;

  Result<Done> folder(const Folder& folder) {
    Entries entries(folder.fd.get());
    if (!entries.ok()) return gone(folder.path, errno);
    while (const auto name = entries.next()) {
      auto visited = entry(folder, *name);
      if (!visited) return visited;
    }
    if (entries.reason() != 0) return gone(folder.path, entries.reason());
    return Done{};
  }

  Result<Done> entry(const Folder& folder, const std::string& name) {
    Entry found{folder.path.empty() ? name : folder.path + "/" + name};
    const bool hidden = name.front() == '.';
    const int reason = !hidden && !status_beneath(folder.fd.get(), name, found.status) ? errno : 0;
    if (folder.level != Level::Profile && S_ISDIR(found.status.st_mode)) return subfolder(folder, name, found.path);
    if (++files_ > limits_.files) {
      return fail(ErrorKind::Failed,
                  fmt::format("{}: holds more than {} files below requests/", printable(medium_), limits_.files),
                  "spread the requests over several media, or raise the limit");
    }
    if (hidden) return list(IgnoredFile{std::move(found.path), "its name begins with a dot"});
    if (reason != 0) return list_unopened(found.path, reason);
    if (folder.level == Level::Profile) return entry_of_profile(name, found);
    if (!S_ISREG(found.status.st_mode)) return list(of_wrong_kind(found));
    return list(UnreadableFile{found.path, "media.unplaced", "does not stand in requests/ISSUER/PROFILE/"});
  }

  Result<Done> entry_of_profile(const std::string& name, const Entry& found) {
    if (has_ending_of_request(name)) {
      return S_ISREG(found.status.st_mode) ? list(Unread{found.path}) : list(of_wrong_kind(found));
    }
    if (S_ISDIR(found.status.st_mode)) return list(IgnoredFile{found.path, "a folder below a profile"});
    return list(IgnoredFile{found.path, "its name does not end as a request's does (.csr, .pem, .der, .req, .p10)"});
  }

  Result<Done> subfolder(const Folder& parent, const std::string& name, const std::string& path) {
    // A medium without a single file cannot keep us busy for ever either.
    if (++folders_ > limits_.files) {
      return fail(ErrorKind::Failed,
                  fmt::format("{}: holds more than {} folders below requests/", printable(medium_), limits_.files));
    }
    Fd fd = open_beneath(parent.fd.get(), name, O_RDONLY | O_DIRECTORY | O_NONBLOCK);
    if (!fd) return list_unopened(path, errno);
    return folder({std::move(fd), path, parent.level == Level::Requests ? Level::Issuer : Level::Profile});
  }

  Result<Done> list(Listed found) {
    found_.push_back(std::move(found));
    return Done{};
  }

  Result<Done> list_unopened(const std::string& path, int reason) {
    if (means_gone(reason)) return gone(path, reason);
    return list(unopened(path, reason));
  }

  Result<Done> hand_over(UnreadableFile& unreadable) { return visit_(std::move(unreadable)); }
  Result<Done> hand_over(IgnoredFile& ignored) { return visit_(std::move(ignored)); }
  Result<Done> hand_over(Unread& unread) {
    auto found = file(unread.path);
    if (!found) return pass_on(found);
    return visit_(std::move(*found));
  }

  Result<Found> file(const std::string& path) {
    const Fd fd = open_beneath(requests_.get(), path, O_RDONLY | O_NONBLOCK);
    if (!fd) return unread(path, errno);
    // Only what the open file itself says counts: the name may stand for another one by now.
    Entry opened{path};
    if (fstat(fd.get(), &opened.status) != 0) return unread(path, errno);
    if (!S_ISREG(opened.status.st_mode)) return of_wrong_kind(opened);
    if (opened.status.st_nlink > 1) {
      return UnreadableFile{path, "media.hard-link", "has a second name (hard link)"};
    }
    if (opened.status.st_size > static_cast<off_t>(limits_.octets_per_file)) return too_large(path);
    return content(fd, path);
  }

  Result<Found> content(const Fd& fd, const std::string& path) {
    std::size_t have = 0;
    while (have < buffer_.size()) {
      const auto got = ::read(fd.get(), buffer_.data() + have, buffer_.size() - have);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return unread(path, errno);
      if (got == 0) break;
      have += static_cast<std::size_t>(got);
    }
    if (have > limits_.octets_per_file) return too_large(path);
    if (have == 0) return UnreadableFile{path, "media.empty", "holds nothing"};
    return Submission{path, Bytes(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(have))};
  }

  Result<Found> unread(const std::string& path, int reason) const {
    if (means_gone(reason)) return gone(path, reason);
    return unopened(path, reason);
  }

  UnreadableFile of_wrong_kind(const Entry& found) const {
    if (S_ISLNK(found.status.st_mode)) return link(found.path);
    return {found.path, "media.not-a-file", "is " + kind_in_words(found.status.st_mode)};
  }

  UnreadableFile link(const std::string& path) const {
    return {path, "media.symlink", "is a symbolic link, and those are not followed"};
  }

  UnreadableFile too_large(const std::string& path) const {
    return {path, "media.too-large", fmt::format("is larger than {} octets", limits_.octets_per_file)};
  }

  UnreadableFile unopened(const std::string& path, int reason) const {
    if (reason == ELOOP) return link(path);
    if (reason == EXDEV) return {path, "media.unreadable", "another file system is mounted there"};
    return {path, "media.unreadable", fmt::format("cannot be read: {}", strerror(reason))};
  }

  std::unexpected<Error> gone(const std::string& path, int reason) const {
    return medium_failure(medium_, path.empty() ? "requests" : "requests/" + path, reason);
  }

  const std::string& medium_;
  Fd requests_;
  const InboxLimits& limits_;
  const Visit& visit_;
  std::size_t files_ = 0;    // entries that were not entered
  std::size_t folders_ = 0;  // folders that were
  std::vector<Listed> found_;
  Bytes buffer_;
};

}  // namespace

Result<Done> read_requests(const std::string& medium, const InboxLimits& limits,
                           const std::function<Result<Done>(Found)>& visit) {
  auto root = open_medium(medium);
  if (!root) return pass_on(root);
  Fd requests = open_beneath(root->get(), "requests", O_RDONLY | O_DIRECTORY | O_NONBLOCK);
  if (!requests && (errno == ENOENT || errno == ENOTDIR)) {
    return fail(ErrorKind::Failed, fmt::format("{}: has no requests/ folder", printable(medium)),
                "put the requests into requests/ISSUER/PROFILE/ on the medium");
  }
  if (!requests) return medium_failure(medium, "requests", errno);
  return Walk(medium, std::move(requests), limits, visit).run();
}

}  // namespace sealroom
