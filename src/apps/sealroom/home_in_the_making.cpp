#include "home_in_the_making.hpp"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <utility>

#include <fmt/format.h>

#include "sealroom/base/text.hpp"

namespace sealroom::cli {
namespace {

namespace fs = std::filesystem;

// Lies in a home that is being made, and is locked by who makes it.
constexpr const char* kMarker = "/.sealroom-init";

constexpr std::pair<const char*, mode_t> kFolders[] = {{"/issuers", 0755}, {"/ledger", 0700}, {"/run", 0711}};

Result<Done> check_free(const std::string& home) {
  std::error_code trouble;
  if (!fs::exists(fs::symlink_status(home, trouble))) return Done{};
  if (fs::is_directory(home, trouble) && fs::is_empty(home, trouble)) return Done{};
  return fail(ErrorKind::Usage, fmt::format("{}: exists already and is not empty", printable(home)),
              "name another directory with --home; nothing was changed");
}

}  // namespace

Result<Done> make_directory(const std::string& path, mode_t mode) {
  if (mkdir(path.c_str(), 0700) != 0 || chmod(path.c_str(), mode) != 0) {
    return fail(ErrorKind::Failed, fmt::format("{}: cannot be made: {}", printable(path), strerror(errno)));
  }
  return Done{};
}

Result<HomeInTheMaking> HomeInTheMaking::begin(const std::string& home) {
  std::error_code trouble;
  const auto absolute = fs::absolute(home, trouble).lexically_normal();
  HomeInTheMaking making((absolute.has_filename() ? absolute : absolute.parent_path()).string());
  auto free = check_free(making.path_);
  if (!free) return pass_on(free);
  fs::create_directories(fs::path(making.path_).parent_path(), trouble);
  auto taken = making.take_place();
  if (!taken) return pass_on(taken);
  for (const auto& [folder, mode] : kFolders) {
    auto made = make_directory(making.partial_ + folder, mode);
    if (!made) return pass_on(made);
  }
  return making;
}

HomeInTheMaking::HomeInTheMaking(HomeInTheMaking&&) noexcept = default;

HomeInTheMaking::~HomeInTheMaking() {
  std::error_code trouble;
  if (lock_) fs::remove_all(partial_, trouble);
}

// Clears away what an interrupted making left, which its marker tells from anything else, and begins anew.
Result<Done> HomeInTheMaking::take_place() {
  std::error_code trouble;
  const auto marker = partial_ + kMarker;
  if (fs::exists(fs::symlink_status(partial_, trouble))) {
    const Fd old(::open(marker.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));
    if (!old) {
      return fail(ErrorKind::Usage,
                  fmt::format("{}: is in the way and was not left by an init or restore", printable(partial_)),
                  "move it away, or name another directory with --home");
    }
    if (flock(old.get(), LOCK_EX | LOCK_NB) != 0) {
      return fail(ErrorKind::Failed, fmt::format("{}: another init or restore is making this home", printable(path_)));
    }
    fs::remove_all(partial_, trouble);
  }
  auto made = make_directory(partial_, 0711);
  if (!made) return made;
  Fd lock(::open(marker.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!lock || flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    return fail(ErrorKind::Failed, fmt::format("{}: cannot be made: {}", printable(marker), strerror(errno)));
  }
  lock_ = std::move(lock);
  return Done{};
}

Result<Done> HomeInTheMaking::finish() {
  const Fd whole(::open(partial_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!whole || syncfs(whole.get()) != 0) {
    return fail(ErrorKind::Failed, fmt::format("{}: cannot be made durable: {}", printable(partial_), strerror(errno)));
  }
  if (rename(partial_.c_str(), path_.c_str()) != 0) {
    return fail(ErrorKind::Failed, fmt::format("{}: cannot get its name: {}", printable(path_), strerror(errno)));
  }
  unlink((path_ + kMarker).c_str());
  lock_ = Fd();
  return sync_directory(fs::path(path_).parent_path().string());
}

}  // namespace sealroom::cli
