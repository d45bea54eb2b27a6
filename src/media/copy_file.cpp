#include "sealroom/media/copy_file.hpp"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include <fmt/format.h>

#include "beneath.hpp"
#include "sealroom/base/text.hpp"
#include "sealroom/crypto/crypto.hpp"

namespace sealroom {
namespace {

Result<Digest> copy_octets(int from, int to, const std::string& folder, const std::string& path,
                           const std::string& target) {
  Sha256 digest;
  Bytes buffer(65'536);
  for (;;) {
    const auto got = ::read(from, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return medium_failure(folder, path, errno);
    if (got == 0) break;
    const auto piece = ByteView(buffer).first(static_cast<std::size_t>(got));
    digest.add(piece);
    auto written = write_all(to, piece, target);
    if (!written) return pass_on(written);
  }
  if (fsync(to) != 0) {
    return fail(ErrorKind::Failed, fmt::format("{}: cannot be made durable: {}", printable(target), strerror(errno)));
  }
  return digest.finish();
}

}  // namespace

Result<Done> copy_file(const std::string& folder, const std::string& path, const Digest& expected,
                       const std::string& target, mode_t mode) {
  auto root = open_medium(folder);
  if (!root) return pass_on(root);
  const Fd from = open_beneath(root->get(), path, O_RDONLY | O_NONBLOCK);
  if (!from) return medium_failure(folder, path, errno);
  struct stat status{};
  if (fstat(from.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
    return fail(ErrorKind::Failed, fmt::format("{}: {}: is not a file", printable(folder), printable(path)));
  }
  const Fd to(::open(target.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!to) {
    return fail(ErrorKind::Failed, fmt::format("{}: cannot be created: {}", printable(target), strerror(errno)));
  }
  if (fchmod(to.get(), mode) != 0) {
    return fail(ErrorKind::Failed, fmt::format("{}: cannot be given its mode: {}", printable(target), strerror(errno)));
  }
  auto digest = copy_octets(from.get(), to.get(), folder, path, target);
  if (digest && *digest == expected) return Done{};
  unlink(target.c_str());
  if (!digest) return pass_on(digest);
  return fail(ErrorKind::Failed,
              fmt::format("{}: {}: has changed while it was read", printable(folder), printable(path)),
              "the medium is damaged, or something else writes to it");
}

}  // namespace sealroom
