#pragma once

#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "sealroom/base/file.hpp"

namespace sealroom::testing {

// What a finished program left.
struct ProgramResult {
  int exit_code = 0;  // 128 + signal number when a signal ended it; 127 when it could not be started
  std::string out;
  std::string err;
};

struct ProgramOptions {
  std::vector<std::string> environment{};  // "NAME=value", added to (or instead of) the caller's
  std::string input{};                     // all of standard input
  std::string directory{};                 // working directory; empty: the caller's
  std::chrono::milliseconds time_limit = std::chrono::minutes(2);  // then it is killed
};

inline Fd memory_file(std::string_view content = {}) {
  Fd fd(memfd_create("sealroom-test", MFD_CLOEXEC));
  const ByteView octets(reinterpret_cast<const std::uint8_t*>(content.data()), content.size());
  if (!fd || !write_all(fd.get(), octets, "memory file") || lseek(fd.get(), 0, SEEK_SET) != 0) {
    throw std::runtime_error("no memory file");
  }
  return fd;
}

inline std::string content_of(const Fd& fd) {
  std::string text;
  std::array<char, 65536> buffer;
  for (;;) {
    const auto got = pread(fd.get(), buffer.data(), buffer.size(), static_cast<off_t>(text.size()));
    if (got <= 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(got));
  }
}

// The caller's environment with `additions` in the place of variables of the same name.
inline std::vector<std::string> environment_with(const std::vector<std::string>& additions) {
  std::vector<std::string> all;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view variable = *entry;
    bool replaced = false;
    for (const auto& addition : additions) {
      replaced = replaced || variable.starts_with(addition.substr(0, addition.find('=') + 1));
    }
    if (!replaced) all.emplace_back(variable);
  }
  all.insert(all.end(), additions.begin(), additions.end());
  return all;
}

inline std::vector<char*> pointers_to(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (const auto& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

// Runs `argv` (argv[0] is looked up in PATH) to its end. Output goes to memory files, so children that it leaves
// behind cannot make this wait.
inline ProgramResult run_program(const std::vector<std::string>& argv, const ProgramOptions& options = {}) {
  const Fd in = memory_file(options.input);
  const Fd out = memory_file();
  const Fd err = memory_file();
  const auto environment = environment_with(options.environment);
  const auto argument_pointers = pointers_to(argv);
  const auto environment_pointers = pointers_to(environment);

  const pid_t child = fork();
  if (child < 0) throw std::runtime_error("fork failed");
  if (child == 0) {
    const bool ready = dup2(in.get(), STDIN_FILENO) >= 0 && dup2(out.get(), STDOUT_FILENO) >= 0 &&
                       dup2(err.get(), STDERR_FILENO) >= 0 &&
                       (options.directory.empty() || chdir(options.directory.c_str()) == 0);
    if (ready) execvpe(argument_pointers[0], argument_pointers.data(), environment_pointers.data());
    _exit(127);
  }
  const Fd handle(static_cast<int>(syscall(SYS_pidfd_open, child, 0)));  // glibc 2.36 declares it without extern "C"
  pollfd ended{handle.get(), POLLIN, 0};
  if (poll(&ended, 1, static_cast<int>(options.time_limit.count())) == 0) kill(child, SIGKILL);
  int status = 0;
  waitpid(child, &status, 0);
  const int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return {code, content_of(out), content_of(err)};
}

}  // namespace sealroom::testing
