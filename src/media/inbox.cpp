#include "sealroom/media/inbox.hpp"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

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
  struct stat status {};
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

// Walk is one pass over the requests/ folder of a medium.
class Walk {
 public:
  using Visit = std::function<Result<Done>(Found)>;

  Walk(const std::string& medium, const InboxLimits& limits, const Visit& visit)
      : medium_(medium), limits_(limits), visit_(visit), buffer_(limits.octets_per_file + 1) {}

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

 private:
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
    if (hidden) return visit_(IgnoredFile{std::move(found.path), "its name begins with a dot"});
    if (reason != 0) return unopened(found.path, reason);
    if (folder.level == Level::Profile) return entry_of_profile(folder, name, found);
    if (!S_ISREG(found.status.st_mode)) return refuse_kind(found);
    return refuse(found.path, "media.unplaced", "does not stand in requests/ISSUER/PROFILE/");
  }

  Result<Done> entry_of_profile(const Folder& folder, const std::string& name, const Entry& found) {
    if (has_ending_of_request(name)) {
      return S_ISREG(found.status.st_mode) ? file(folder, name, found.path) : refuse_kind(found);
    }
    if (S_ISDIR(found.status.st_mode)) return visit_(IgnoredFile{found.path, "a folder below a profile"});
    return visit_(IgnoredFile{found.path, "its name does not end as a request's does (.csr, .pem, .der, .req, .p10)"});
  }

  Result<Done> subfolder(const Folder& parent, const std::string& name, const std::string& path) {
    // A medium without a single file cannot keep us busy for ever either.
    if (++folders_ > limits_.files) {
      return fail(ErrorKind::Failed,
                  fmt::format("{}: holds more than {} folders below requests/", printable(medium_), limits_.files));
    }
    Fd fd = open_beneath(parent.fd.get(), name, O_RDONLY | O_DIRECTORY | O_NONBLOCK);
    if (!fd) return unopened(path, errno);
    return folder({std::move(fd), path, parent.level == Level::Requests ? Level::Issuer : Level::Profile});
  }

  Result<Done> file(const Folder& folder, const std::string& name, const std::string& path) {
    const Fd fd = open_beneath(folder.fd.get(), name, O_RDONLY | O_NONBLOCK);
    if (!fd) return unopened(path, errno);
    // Only what the open file itself says counts: the name may stand for another one by now.
    Entry opened{path};
    if (fstat(fd.get(), &opened.status) != 0) return unopened(path, errno);
    if (!S_ISREG(opened.status.st_mode)) return refuse_kind(opened);
    if (opened.status.st_nlink > 1) return refuse(path, "media.hard-link", "has a second name (hard link)");
    if (opened.status.st_size > static_cast<off_t>(limits_.octets_per_file)) return too_large(path);
    return content(fd, path);
  }

  Result<Done> content(const Fd& fd, const std::string& path) {
    std::size_t have = 0;
    while (have < buffer_.size()) {
      const auto got = ::read(fd.get(), buffer_.data() + have, buffer_.size() - have);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return unopened(path, errno);
      if (got == 0) break;
      have += static_cast<std::size_t>(got);
    }
    if (have > limits_.octets_per_file) return too_large(path);
    if (have == 0) return refuse(path, "media.empty", "holds nothing");
    return visit_(Submission{path, Bytes(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(have))});
  }

  Result<Done> refuse(const std::string& path, const char* id, std::string detail) {
    return visit_(UnreadableFile{path, id, std::move(detail)});
  }

  Result<Done> refuse_kind(const Entry& found) {
    if (S_ISLNK(found.status.st_mode)) return refuse_link(found.path);
    return refuse(found.path, "media.not-a-file", "is " + kind_in_words(found.status.st_mode));
  }

  Result<Done> refuse_link(const std::string& path) {
    return refuse(path, "media.symlink", "is a symbolic link, and those are not followed");
  }

  Result<Done> too_large(const std::string& path) {
    return refuse(path, "media.too-large", fmt::format("is larger than {} octets", limits_.octets_per_file));
  }

  Result<Done> unopened(const std::string& path, int reason) {
    if (means_gone(reason)) return gone(path, reason);
    if (reason == ELOOP) return refuse_link(path);
    if (reason == EXDEV) return refuse(path, "media.unreadable", "another file system is mounted there");
    return refuse(path, "media.unreadable", fmt::format("cannot be read: {}", strerror(reason)));
  }

  Result<Done> gone(const std::string& path, int reason) {
    return medium_failure(medium_, path.empty() ? "requests" : "requests/" + path, reason);
  }

  const std::string& medium_;
  const InboxLimits& limits_;
  const Visit& visit_;
  std::size_t files_ = 0;    // entries that were not entered
  std::size_t folders_ = 0;  // folders that were
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
  return Walk(medium, limits, visit).folder({std::move(requests), {}, Level::Requests});
}

}  // namespace sealroom
