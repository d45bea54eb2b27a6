#include "sealroom/audit/folder.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include <fmt/format.h>

#include "sealroom/base/file.hpp"
#include "sealroom/base/text.hpp"

namespace sealroom {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostFiles = 1'000'000;

std::unexpected<Error> unreadable(const std::string& path, std::string_view why) {
  return fail(ErrorKind::Failed, fmt::format("{}: {}", printable(path), why));
}

}  // namespace

Result<ExportFolder> ExportFolder::open(const std::string& path) {
  ExportFolder folder(path);
  std::error_code trouble;
  const fs::path root(path);
  if (!fs::is_directory(root, trouble)) return unreadable(path, trouble ? trouble.message() : "is not a folder");
  for (fs::recursive_directory_iterator entry(root, trouble), end; !trouble && entry != end; entry.increment(trouble)) {
    const auto status = entry->symlink_status(trouble);
    if (trouble) break;
    if (fs::is_directory(status)) continue;
    const auto name = entry->path().lexically_relative(root).generic_string();
    if (!fs::is_regular_file(status)) return unreadable(path + "/" + name, "is neither a file nor a folder");
    if (folder.paths_.size() == kMostFiles) return unreadable(path, fmt::format("has more than {} files", kMostFiles));
    folder.paths_.push_back(name);
  }
  if (trouble) return unreadable(path, trouble.message());
  std::ranges::sort(folder.paths_);
  return folder;
}

Result<Done> ExportFolder::read(const std::string& path, const std::function<Result<Done>(ByteView)>& take) const {
  const Fd file(::open((root_ + "/" + path).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!file) return fail(ErrorKind::Failed, std::strerror(errno));
  Bytes buffer(65'536);
  for (;;) {
    const auto got = ::read(file.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail(ErrorKind::Failed, std::strerror(errno));
    if (got == 0) return Done{};
    auto taken = take(ByteView(buffer).first(static_cast<std::size_t>(got)));
    if (!taken) return taken;
  }
}

}  // namespace sealroom
