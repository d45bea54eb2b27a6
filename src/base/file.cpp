#include "sealroom/base/file.hpp"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include <fmt/format.h>

#include "sealroom/base/text.hpp"

namespace sealroom {
namespace {

std::unexpected<Error> system_failure(const std::string& path, const char* what, int reason) {
  return fail(ErrorKind::Failed, fmt::format("{}: {}: {}", printable(path), what, strerror(reason)));
}

}  // namespace

Fd& Fd::operator=(Fd&& other) noexcept {
  if (this != &other) {
    if (fd_ >= 0) ::close(fd_);
    fd_ = other.release();
  }
  return *this;
}

Fd::~Fd() {
  if (fd_ >= 0) ::close(fd_);
}

int Fd::release() { return std::exchange(fd_, -1); }

Result<Bytes> read_file(const std::string& path, std::size_t limit) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd) return system_failure(path, "cannot be opened", errno);
  struct stat status{};
  if (fstat(fd.get(), &status) != 0) return system_failure(path, "cannot be examined", errno);
  if (!S_ISREG(status.st_mode))
    return fail(ErrorKind::Failed, fmt::format("{}: is not a regular file", printable(path)));
  Bytes octets;
  Bytes buffer(65536);
  for (;;) {
    const auto got = ::read(fd.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_failure(path, "cannot be read", errno);
    if (got == 0) return octets;
    octets.insert(octets.end(), buffer.begin(), buffer.begin() + got);
    if (octets.size() > limit) {
      return fail(ErrorKind::Failed, fmt::format("{}: is larger than {} octets", printable(path), limit));
    }
  }
}

Result<Done> write_all(int fd, ByteView octets, const std::string& name) {
  while (!octets.empty()) {
    const auto put = ::write(fd, octets.data(), octets.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return system_failure(name, "cannot be written", errno);
    octets = octets.subspan(static_cast<std::size_t>(put));
  }
  return Done{};
}

Result<Done> write_new_file(const std::string& path, ByteView octets, mode_t mode) {
  Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd) return system_failure(path, "cannot be created", errno);
  auto written = write_all(fd.get(), octets, path);
  if (written && fchmod(fd.get(), mode) != 0 && errno != EPERM) {
    written = system_failure(path, "cannot be given its mode", errno);
  }
  if (written && fsync(fd.get()) != 0) written = system_failure(path, "cannot be made durable", errno);
  if (written && ::close(fd.release()) != 0) written = system_failure(path, "cannot be closed", errno);
  if (!written) ::unlink(path.c_str());
  return written;
}

Result<Done> sync_directory(const std::string& path) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return system_failure(path, "cannot be opened", errno);
  if (fsync(fd.get()) != 0) return system_failure(path, "cannot be made durable", errno);
  return Done{};
}

}  // namespace sealroom
