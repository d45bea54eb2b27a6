#include "home.hpp"

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstdlib>

#include <fmt/format.h>

#include "sealroom/base/json.hpp"
#include "sealroom/base/text.hpp"
#include "sealroom/policy/read_configuration.hpp"
#include "sealroom/token/token_uri.hpp"

namespace sealroom::daemon {
namespace {

bool exists(const char* path) {
  struct stat status{};
  return stat(path, &status) == 0;
}

bool is_shown_as_it_is(const std::string& path) {
  if (std::ranges::any_of(path, [](unsigned char c) { return c < 0x20 || c == 0x7f; })) return false;
  try {
    (void)Json(path).dump();
    return true;
  } catch (const Json::exception&) {
    return false;
  }
}

}  // namespace

Result<std::string> enter_home(const std::string& home) {
  std::array<char, PATH_MAX> resolved{};
  if (realpath(home.c_str(), resolved.data()) == nullptr || chdir(resolved.data()) != 0) {
    return fail(ErrorKind::Usage, fmt::format("home {}: {}", printable(home), strerror(errno)),
                "make one with `sealroom init`");
  }
  for (const char* part : {"sealroom.yaml", "issuers", "ledger", "run"}) {
    if (exists(part)) continue;
    return fail(ErrorKind::Usage,
                fmt::format("home {}: is not a complete Sealroom home, {} is missing", printable(home), part),
                "restore what is missing, or make a new home elsewhere with `sealroom init`");
  }
  // It stands in answers, in hints and on pages as it is.
  const std::string path(resolved.data());
  if (!is_shown_as_it_is(path)) {
    return fail(ErrorKind::Usage,
                fmt::format("home {}: its path is not UTF-8, or has control characters", printable(path)),
                "give the folder, and those above it, plain names");
  }
  return path;
}

Result<Fd> lock_home() {
  Fd lock(::open(kLock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!lock)
    return fail(ErrorKind::Failed, fmt::format("{}: cannot be opened: {}", kLock, strerror(errno)),
                "run the daemon as the owner of the home");
  if (flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    std::array<char, 32> text{};
    const auto size = pread(lock.get(), text.data(), text.size() - 1, 0);
    return fail(ErrorKind::Failed,
                fmt::format("a daemon is running for this home already (process {})",
                            printable(trimmed({text.data(), size > 0 ? std::size_t(size) : 0}))),
                "use that one, or stop it first");
  }
  unlink(kSpool);  // the last daemon may have had no time to take its name away
  const auto pid = std::to_string(getpid());
  if (ftruncate(lock.get(), 0) != 0 || pwrite(lock.get(), pid.data(), pid.size(), 0) < 0) {
    return fail(ErrorKind::Failed, fmt::format("{}: cannot be written: {}", kLock, strerror(errno)));
  }
  return lock;
}

Result<Configuration> load_configuration() {
  auto configuration = read_configuration(".");
  if (!configuration) return configuration;
  for (const auto& [name, issuer] : configuration->issuers()) {
    auto uri = TokenUri::parse(issuer.config.private_key(), issuer.config.file() + ": private_key");
    if (!uri) return pass_on(uri);
  }
  auto uri = TokenUri::parse(configuration->log_key(), "sealroom.yaml: log: key");
  if (!uri) return pass_on(uri);
  return configuration;
}

}  // namespace sealroom::daemon
