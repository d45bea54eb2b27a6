#include "tree.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "beneath.hpp"
#include "sealroom/base/text.hpp"
#include "sealroom/crypto/crypto.hpp"
#include "sealroom/media/outbox.hpp"

namespace sealroom {
namespace {

// A damaged or hostile file system can hold a folder within itself, or names without end.
constexpr int kDeepest = 16;
constexpr std::size_t kMostNames = 1'000'000;

class DigestWalk {
 public:
  explicit DigestWalk(const std::string& name) : name_(name) {}

  Result<Done> folder(int directory, const std::string& path, int depth) {
    if (depth > kDeepest) return broken(path, "is nested too deep");
    Entries entries(directory);
    if (!entries.ok()) return medium_failure(name_, path, errno);
    while (const auto entry = entries.next()) {
      auto added = add(directory, *entry, path.empty() ? *entry : path + "/" + *entry, depth);
      if (!added) return added;
    }
    if (entries.reason() != 0) return medium_failure(name_, path, entries.reason());
    return Done{};
  }

  std::map<std::string, Digest> take() { return std::move(digests_); }

 private:
  Result<Done> add(int directory, const std::string& entry, const std::string& path, int depth) {
    struct stat status {};
    if (!status_beneath(directory, entry, status)) return medium_failure(name_, path, errno);
    const bool is_folder = S_ISDIR(status.st_mode);
    if (!is_folder && !S_ISREG(status.st_mode)) return broken(path, "is neither a file nor a folder");
    const Fd fd = open_beneath(directory, entry, O_RDONLY | O_NONBLOCK | (is_folder ? O_DIRECTORY : 0));
    if (!fd) return medium_failure(name_, path, errno);
    return is_folder ? folder(fd.get(), path, depth + 1) : file(fd.get(), path);
  }

  Result<Done> file(int fd, const std::string& path) {
    // Otherwise what is read back would come from memory, and say nothing about the medium.
    posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    Sha256 digest;
    for (;;) {
      const auto got = ::read(fd, buffer_.data(), buffer_.size());
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return medium_failure(name_, path, errno);
      if (got == 0) break;
      digest.add(ByteView(buffer_).first(static_cast<std::size_t>(got)));
    }
    if (!digests_.emplace(path, digest.finish()).second) return broken(path, "stands twice in its folder");
    return Done{};
  }

  std::unexpected<Error> broken(const std::string& path, const char* rule) const {
    return fail(ErrorKind::Failed, fmt::format("{}: {}: {}", printable(name_), printable(path), rule));
  }

  const std::string& name_;
  std::map<std::string, Digest> digests_;
  Bytes buffer_ = Bytes(65'536);
};

std::vector<std::string> names_in(int directory) {
  std::vector<std::string> names;
  Entries entries(directory);
  while (entries.ok() && names.size() < kMostNames) {
    auto name = entries.next();
    if (!name) break;
    names.push_back(std::move(*name));
  }
  return names;
}

bool remove_below(int directory, const std::string& name, int depth) {
  if (unlinkat(directory, name.c_str(), 0) == 0 || errno == ENOENT) return true;
  if (errno != EISDIR || depth > kDeepest) return false;
  const Fd folder = open_beneath(directory, name, O_RDONLY | O_DIRECTORY | O_NONBLOCK);
  if (!folder) return false;
  for (const auto& entry : names_in(folder.get())) {
    if (!remove_below(folder.get(), entry, depth + 1)) return false;
  }
  return unlinkat(directory, name.c_str(), AT_REMOVEDIR) == 0;
}

}  // namespace

Result<std::map<std::string, Digest>> digests_in(int directory, const std::string& name) {
  DigestWalk walk(name);
  auto walked = walk.folder(directory, {}, 0);
  if (!walked) return pass_on(walked);
  return walk.take();
}

Result<std::map<std::string, Digest>> digests_below(const std::string& directory) {
  const Fd fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
  if (!fd) return medium_failure(directory, {}, errno);
  return digests_in(fd.get(), directory);
}

bool remove_tree(int directory, const std::string& name) { return remove_below(directory, name, 0); }

}  // namespace sealroom
