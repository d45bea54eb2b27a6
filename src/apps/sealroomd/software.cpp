#include "software.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include "sealroom/base/file.hpp"
#include "sealroom/base/text.hpp"
#include "sealroom/crypto/crypto.hpp"

namespace sealroom::daemon {

Result<std::string> digest_of_file(const std::string& path) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  Sha256 hash;
  std::array<std::uint8_t, 64 * 1024> piece;
  ssize_t got = fd ? 1 : -1;
  while (got > 0) {
    got = ::read(fd.get(), piece.data(), piece.size());
    if (got > 0) hash.add(ByteView(piece.data(), static_cast<std::size_t>(got)));
  }
  if (got < 0) return fail(ErrorKind::Failed, fmt::format("{}: cannot be read: {}", printable(path), strerror(errno)));
  return to_hex(hash.finish());
}

Result<std::string> own_digest() { return digest_of_file("/proc/self/exe"); }

}  // namespace sealroom::daemon
