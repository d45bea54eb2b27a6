#include "run_daemon.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <filesystem>

#include <fmt/format.h>

#include "sealroom/base/file.hpp"
#include "sealroom/base/text.hpp"

namespace sealroom::cli {
namespace {

class Actions {
 public:
  Actions() { posix_spawn_file_actions_init(&actions_); }
  ~Actions() { posix_spawn_file_actions_destroy(&actions_); }
  Actions(const Actions&) = delete;
  Actions& operator=(const Actions&) = delete;
  posix_spawn_file_actions_t* get() { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_{};
};

std::string read_to_end(int fd) {
  std::string text;
  std::array<char, 65'536> buffer{};
  for (;;) {
    const auto got = read(fd, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(got));
  }
}

}  // namespace

Result<std::string> run_daemon(std::vector<std::string> words) {
  std::array<char, PATH_MAX> self{};
  const auto size = readlink("/proc/self/exe", self.data(), self.size() - 1);
  if (size < 0) return fail(ErrorKind::Failed, "this program does not know where it lies");
  auto path = (std::filesystem::path(self.data()).parent_path() / "sealroomd").string();
  std::vector<char*> arguments{path.data()};
  for (auto& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);

  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return fail(ErrorKind::Failed, fmt::format("pipe: {}", strerror(errno)));
  const Fd reading(ends[0]);
  Fd writing(ends[1]);
  Actions actions;
  posix_spawn_file_actions_adddup2(actions.get(), writing.get(), STDOUT_FILENO);
  pid_t child = 0;
  const int trouble = posix_spawn(&child, path.c_str(), actions.get(), nullptr, arguments.data(), environ);
  if (trouble != 0)
    return fail(ErrorKind::Failed, fmt::format("{}: cannot be started: {}", printable(path), strerror(trouble)),
                "install sealroomd beside sealroom");
  writing = Fd();
  auto text = read_to_end(reading.get());
  int state = 0;
  while (waitpid(child, &state, 0) < 0 && errno == EINTR) {
  }
  if (WIFEXITED(state) && WEXITSTATUS(state) == 0) return text;
  const auto code = WIFEXITED(state) ? WEXITSTATUS(state) : 0;
  auto kind = ErrorKind::Failed;
  for (const auto known : {ErrorKind::Token, ErrorKind::Usage, ErrorKind::NeedsPerson, ErrorKind::Integrity}) {
    if (code == static_cast<int>(known)) kind = known;
  }
  return fail(kind, "the daemon could not finish the home", "its own message stands above");
}

}  // namespace sealroom::cli
