#include "staged_file.hpp"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>

#include <fmt/format.h>

#include "sealroom/base/file.hpp"
#include "sealroom/base/text.hpp"
#include "sealroom/crypto/crypto.hpp"

namespace sealroom::pack {
namespace {

std::unexpected<Error> exists(const std::string& path) {
  return fail(ErrorKind::Failed, fmt::format("{}: exists; nothing is overwritten", printable(path)),
              "choose another name, or move the file away");
}

// Renames without replacing; by link and unlink where the file system cannot (EINVAL: NFS, for one).
int rename_to_new_name(const char* from, const char* to) {
  if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0) return 0;
  if (errno != EINVAL && errno != ENOSYS) return -1;
  return link(from, to) == 0 ? unlink(from) : -1;
}

}  // namespace

Result<StagedFile> StagedFile::write(const std::string& target, ByteView octets, mode_t mode) {
  const std::string path = fmt::format("{}.partial-{}", target, to_hex(kernel_random(6)));
  auto written = write_new_file(path, octets, mode);
  if (!written) return pass_on(written);
  return StagedFile(path, target);
}

StagedFile::StagedFile(StagedFile&& other) noexcept
    : path_(std::exchange(other.path_, {})), target_(std::move(other.target_)) {}

StagedFile::~StagedFile() {
  if (!path_.empty()) ::unlink(path_.c_str());
}

Result<Done> StagedFile::publish() && {
  if (rename_to_new_name(path_.c_str(), target_.c_str()) != 0) {
    if (errno == EEXIST) return exists(target_);
    return fail(ErrorKind::Failed, fmt::format("{}: cannot be put in place: {}", printable(target_), strerror(errno)));
  }
  path_.clear();
  const auto directory = std::filesystem::path(target_).parent_path();
  return sync_directory(directory.empty() ? "." : directory.string());
}

Result<Done> check_absent(const std::string& path) {
  struct stat status {};
  if (lstat(path.c_str(), &status) == 0) return exists(path);
  return Done{};
}

}  // namespace sealroom::pack
