#include "staged_file.hpp"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>

#include <fmt/format.h>

#include "sealroom/base/text.hpp"
#include "sealroom/crypto/crypto.hpp"

namespace sealroom::pack {
namespace {

constexpr std::size_t kPiece = 65536;

std::unexpected<Error> exists(const std::string& path) {
  return fail(ErrorKind::Failed, fmt::format("{}: exists; nothing is overwritten", printable(path)),
              "choose another name, move the file away, or say --force to replace it");
}

std::unexpected<Error> system_failure(const std::string& path, const char* what) {
  return fail(ErrorKind::Failed, fmt::format("{}: {}: {}", printable(path), what, strerror(errno)));
}

std::string directory_of(const std::string& path) {
  const auto directory = std::filesystem::path(path).parent_path();
  return directory.empty() ? "." : directory.string();
}

std::string name_beside(const std::string& target) {
  return fmt::format("{}.partial-{}", target, to_hex(kernel_random(6)));
}

// Renames without replacing; by link and unlink where the file system cannot (EINVAL: NFS, for one).
int rename_to_new_name(const char* from, const char* to) {
  if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0) return 0;
  if (errno != EINVAL && errno != ENOSYS) return -1;
  return link(from, to) == 0 ? unlink(from) : -1;
}

}  // namespace

Result<StagedFile> StagedFile::create(const std::string& target) {
  StagedFile file(target);
  file.fd_ = Fd(::open(directory_of(target).c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (!file.fd_ && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL)) {
    file.name_ = name_beside(target);
    file.fd_ = Fd(::open(file.name_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!file.fd_) file.name_.clear();
  }
  if (!file.fd_) return system_failure(target, "cannot be created");
  return file;
}

Result<StagedFile> StagedFile::of(const std::string& target, ByteView octets) {
  auto file = create(target);
  if (!file) return file;
  auto written = file->write(octets);
  if (!written) return pass_on(written);
  return file;
}

StagedFile::StagedFile(StagedFile&& other) noexcept
    : target_(std::move(other.target_)),
      name_(std::exchange(other.name_, {})),
      fd_(std::move(other.fd_)),
      buffer_(std::move(other.buffer_)) {}

StagedFile::~StagedFile() {
  if (!name_.empty()) ::unlink(name_.c_str());
}

Result<Done> StagedFile::write(ByteView octets) {
  buffer_.insert(buffer_.end(), octets.begin(), octets.end());
  return buffer_.size() < kPiece ? Done{} : flush();
}

Result<Done> StagedFile::flush() {
  auto written = write_all(fd_.get(), buffer_, target_);
  buffer_.clear();
  return written;
}

Result<Done> StagedFile::complete() {
  auto written = flush();
  if (!written) return written;
  if (fsync(fd_.get()) != 0) return system_failure(target_, "cannot be made durable");
  if (lseek(fd_.get(), 0, SEEK_SET) != 0) return system_failure(target_, "cannot be read again");
  return Done{};
}

Result<Done> StagedFile::give_name(IfExists if_exists) {
  if (name_.empty()) {
    const auto own = fmt::format("/proc/self/fd/{}", fd_.get());
    const std::string first = if_exists == IfExists::Refuse ? target_ : name_beside(target_);
    if (linkat(AT_FDCWD, own.c_str(), AT_FDCWD, first.c_str(), AT_SYMLINK_FOLLOW) != 0) {
      if (errno == EEXIST) return exists(target_);
      return system_failure(target_, "cannot be put in place");
    }
    if (if_exists == IfExists::Refuse) return Done{};
    name_ = first;
  }
  const int renamed = if_exists == IfExists::Replace ? rename(name_.c_str(), target_.c_str())
                                                     : rename_to_new_name(name_.c_str(), target_.c_str());
  if (renamed != 0) {
    if (errno == EEXIST) return exists(target_);
    return system_failure(target_, "cannot be put in place");
  }
  name_.clear();
  return Done{};
}

Result<Done> StagedFile::publish(mode_t mode, IfExists if_exists) && {
  // EPERM: FAT has no modes.
  if (fchmod(fd_.get(), mode) != 0 && errno != EPERM) return system_failure(target_, "cannot be given its mode");
  auto named = give_name(if_exists);
  if (!named) return named;
  return sync_directory(directory_of(target_));
}

Result<std::size_t> FileSource::read(std::span<std::uint8_t> out) {
  std::size_t filled = 0;
  while (filled < out.size()) {
    if (used_ == buffer_.size()) {
      buffer_.resize(kPiece);
      used_ = 0;
      const auto got = ::read(fd_, buffer_.data(), buffer_.size());
      buffer_.resize(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return system_failure(name_, "cannot be read");
      if (got == 0) break;
    }
    const auto count = std::min(out.size() - filled, buffer_.size() - used_);
    std::copy_n(buffer_.begin() + static_cast<std::ptrdiff_t>(used_), count,
                out.begin() + static_cast<std::ptrdiff_t>(filled));
    used_ += count;
    filled += count;
  }
  return filled;
}

Result<Done> write_staged(const std::string& target, ByteView octets, mode_t mode, IfExists if_exists) {
  auto staged = StagedFile::of(target, octets);
  if (!staged) return pass_on(staged);
  auto complete = staged->complete();
  if (!complete) return complete;
  return std::move(*staged).publish(mode, if_exists);
}

Result<Done> check_free(const std::string& path, IfExists if_exists) {
  struct stat status{};
  if (lstat(path.c_str(), &status) != 0) return Done{};
  if (if_exists == IfExists::Refuse) return exists(path);
  if (S_ISREG(status.st_mode)) return Done{};
  return fail(ErrorKind::Failed, fmt::format("{}: is not a regular file; --force replaces no other", printable(path)));
}

}  // namespace sealroom::pack
