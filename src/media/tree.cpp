#include "tree.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "beneath.hpp"
#include "sealroom/base/each_of.hpp"
#include "sealroom/base/text.hpp"
#include "sealroom/crypto/crypto.hpp"
#include "sealroom/media/outbox.hpp"

namespace sealroom {
namespace {

// A damaged or hostile file system can hold a folder within itself, or names without end.
constexpr int kDeepest = 16;
constexpr std::size_t kMostNames = 1'000'000;

constexpr std::size_t kPieceOctets = 65'536;
constexpr std::size_t kThreads = 8;       // for a medium answers one question after the other slowly
constexpr std::size_t kAskedAtOnce = 16;  // files that one thread asks the medium for before it reads the first

constexpr const char* kOfWrongKind = "is neither a file nor a folder";

std::unexpected<Error> broken(const std::string& name, const std::string& path, const char* rule) {
  return fail(ErrorKind::Failed, fmt::format("{}: {}: {}", printable(name), printable(path), rule));
}

// Lists the regular files below a folder.
class FileWalk {
 public:
  explicit FileWalk(const std::string& name) : name_(name) {}

  Result<Done> folder(int directory, const std::string& path, int depth) {
    if (depth > kDeepest) return broken(name_, path, "is nested too deep");
    Entries entries(directory);
    if (!entries.ok()) return medium_failure(name_, path, errno);
    while (const auto entry = entries.next()) {
      auto below = path.empty() ? *entry : path + "/" + *entry;
      if (entries.names_file()) {
        files_.push_back(std::move(below));  // whoever opens it sees whether it is one
        continue;
      }
      auto added = add(directory, *entry, below, depth);
      if (!added) return added;
    }
    if (entries.reason() != 0) return medium_failure(name_, path, entries.reason());
    return Done{};
  }

  std::vector<std::string> take() {
    std::ranges::sort(files_);
    return std::move(files_);
  }

 private:
  Result<Done> add(int directory, const std::string& entry, const std::string& path, int depth) {
    struct stat status{};
    if (!status_beneath(directory, entry, status)) return medium_failure(name_, path, errno);
    if (S_ISREG(status.st_mode)) return files_.push_back(path), Done{};
    if (!S_ISDIR(status.st_mode)) return broken(name_, path, kOfWrongKind);
    const Fd fd = open_beneath(directory, entry, O_RDONLY | O_NONBLOCK | O_DIRECTORY);
    if (!fd) return medium_failure(name_, path, errno);
    return folder(fd.get(), path, depth + 1);
  }

  const std::string& name_;
  std::vector<std::string> files_;
};

// A file that is to be read, when the medium has been asked for its beginning.
Result<Fd> asked_for(int directory, const std::string& name, const std::string& path) {
  Fd fd = open_beneath(directory, path, O_RDONLY | O_NONBLOCK);
  if (!fd) return medium_failure(name, path, errno);
  struct stat status{};
  if (fstat(fd.get(), &status) != 0) return medium_failure(name, path, errno);
  if (!S_ISREG(status.st_mode)) return broken(name, path, kOfWrongKind);
  // Otherwise what is read back would come from memory, and say nothing about the medium.
  posix_fadvise(fd.get(), 0, 0, POSIX_FADV_DONTNEED);
  posix_fadvise(fd.get(), 0, kPieceOctets, POSIX_FADV_WILLNEED);
  return fd;
}

Result<Digest> digest_of(const Fd& fd, const std::string& name, const std::string& path,
                         std::span<std::uint8_t> buffer) {
  Sha256 digest;
  for (;;) {
    const auto got = ::read(fd.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return medium_failure(name, path, errno);
    if (got == 0) return digest.finish();
    digest.add(buffer.first(static_cast<std::size_t>(got)));
  }
}

// A medium answers one question slowly and many that wait together quickly: all are asked before the first is awaited.
Result<Done> read_together(int directory, const std::string& name, std::span<const std::string> paths,
                           std::span<Digest> digests) {
  std::vector<Fd> files;
  for (const auto& path : paths) {
    auto file = asked_for(directory, name, path);
    if (!file) return pass_on(file);
    files.push_back(std::move(*file));
  }
  Bytes buffer(kPieceOctets);
  for (std::size_t i = 0; i < files.size(); ++i) {
    auto digest = digest_of(files[i], name, paths[i], buffer);
    if (!digest) return pass_on(digest);
    digests[i] = *digest;
  }
  return Done{};
}

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
  FileWalk walk(name);
  auto walked = walk.folder(directory, {}, 0);
  if (!walked) return pass_on(walked);
  const auto paths = walk.take();
  const auto twice = std::ranges::adjacent_find(paths);
  if (twice != paths.end()) return broken(name, *twice, "stands twice in its folder");
  std::vector<Digest> digests(paths.size());
  const auto groups = (paths.size() + kAskedAtOnce - 1) / kAskedAtOnce;
  auto read = each_of(groups, kThreads, [&](std::size_t group) {
    const auto first = group * kAskedAtOnce;
    const auto count = std::min(kAskedAtOnce, paths.size() - first);
    return read_together(directory, name, std::span(paths).subspan(first, count),
                         std::span(digests).subspan(first, count));
  });
  if (!read) return pass_on(read);
  std::map<std::string, Digest> found;
  for (std::size_t i = 0; i < paths.size(); ++i) found.emplace_hint(found.end(), paths[i], digests[i]);
  return found;
}

Result<std::map<std::string, Digest>> digests_below(const std::string& directory) {
  const Fd fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
  if (!fd) return medium_failure(directory, {}, errno);
  return digests_in(fd.get(), directory);
}

bool remove_tree(int directory, const std::string& name) { return remove_below(directory, name, 0); }

}  // namespace sealroom
