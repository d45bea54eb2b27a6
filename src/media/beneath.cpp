#include "beneath.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include <fmt/format.h>

#include "sealroom/base/text.hpp"

namespace sealroom {

Fd open_beneath(int directory, const std::string& name, int flags, mode_t mode) {
  open_how how{};
  how.flags = static_cast<std::uint64_t>(flags) | O_CLOEXEC | O_NOCTTY;
  how.mode = mode;
  // Not O_NOFOLLOW: with O_DIRECTORY it reports a link as ENOTDIR; RESOLVE_NO_SYMLINKS always says ELOOP.
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV;
  for (;;) {
    // glibc 2.36 has no wrapper for openat2(2).
    const auto fd = syscall(SYS_openat2, directory, name.c_str(), &how, sizeof how);
    if (fd >= 0 || errno != EINTR) return Fd(static_cast<int>(fd));
  }
}

bool status_beneath(int directory, const std::string& name, struct stat& status) {
  return fstatat(directory, name.c_str(), &status, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) == 0;
}

Result<Fd> open_medium(const std::string& medium) {
  Fd fd(::open(medium.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOCTTY));
  if (fd) return fd;
  const int reason = errno;
  if (reason == ENOENT || reason == ENOTDIR) {
    return fail(ErrorKind::Usage, fmt::format("{}: is not a folder that is there", printable(medium)),
                "name the folder where the medium is mounted");
  }
  return medium_failure(medium, {}, reason);
}

Entries::Entries(int directory) {
  Fd own(::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!own) return;
  stream_.reset(fdopendir(own.get()));
  if (stream_) own.release();
}

std::optional<std::string> Entries::next() {
  for (;;) {
    errno = 0;
    const dirent* const entry = readdir(stream_.get());
    if (entry == nullptr) {
      reason_ = errno;
      return std::nullopt;
    }
    names_file_ = entry->d_type == DT_REG;
    std::string name = entry->d_name;
    if (name != "." && name != "..") return name;
  }
}

bool means_gone(int reason) {
  return reason == ENOENT || reason == EIO || reason == ENODEV || reason == ENXIO || reason == ESTALE ||
         reason == ENOTCONN;
}

std::unexpected<Error> medium_failure(const std::string& medium, const std::string& path, int reason) {
  const auto name = printable(medium);
  const auto where = path.empty() ? name : name + ": " + printable(path);
  switch (reason) {
    case ENOSPC:
    case EDQUOT:
      return fail(ErrorKind::Failed, fmt::format("{}: the medium is full", where),
                  "make room on it, or use another medium");
    case EROFS:
      return fail(ErrorKind::Failed, fmt::format("{}: the medium is read-only", where),
                  "mount it for writing, move its lock, or use another medium");
    case EACCES:
    case EPERM:
      return fail(ErrorKind::Failed, fmt::format("{}: is not permitted to you", where),
                  "mount the medium with your user's rights");
    case ELOOP:
      return fail(ErrorKind::Failed, fmt::format("{}: is a link, and links are not followed", where), "remove it");
    case ENOTDIR:
      return fail(ErrorKind::Failed, fmt::format("{}: a folder is needed here", where), "remove what is in its place");
    case EXDEV:
      return fail(ErrorKind::Failed, fmt::format("{}: another file system is mounted there", where), "unmount it");
    default: break;
  }
  if (means_gone(reason)) {
    return fail(ErrorKind::Failed,
                fmt::format("{}: the medium is gone, damaged, or was changed meanwhile: {}", where, strerror(reason)),
                "insert it again, check it, and repeat; nothing is lost");
  }
  return fail(ErrorKind::Failed, fmt::format("{}: {}", where, strerror(reason)));
}

}  // namespace sealroom
