#include "password_source.hpp"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>

#include <fmt/format.h>

#include "sealroom/base/file.hpp"
#include "sealroom/base/text.hpp"
#include "terminal.hpp"

namespace sealroom::pack {
namespace {

using Kind = PasswordSource::Kind;

Result<Secret> read_from_file(const std::string& path, std::string_view what) {
  const auto where = fmt::format("{}: {}", what, printable(path));
  const Fd fd(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!fd) return fail(ErrorKind::Usage, fmt::format("{}: cannot be opened: {}", where, strerror(errno)));
  struct stat status{};
  if (fstat(fd.get(), &status) != 0) return fail(ErrorKind::Usage, fmt::format("{}: cannot be examined", where));
  if (!S_ISREG(status.st_mode)) return fail(ErrorKind::Usage, fmt::format("{}: is not a regular file", where));
  if (status.st_uid != geteuid() && status.st_uid != 0) {
    return fail(ErrorKind::Usage, fmt::format("{}: belongs to another user", where), "use a file of your own");
  }
  if ((status.st_mode & 077) != 0) {
    return fail(ErrorKind::Usage, fmt::format("{}: is open to others (mode {:04o})", where, status.st_mode & 07777U),
                fmt::format("chmod 600 {}", printable(path)));
  }
  return Secret::read(fd.get(), where);
}

Result<Secret> read_from_descriptor(const std::string& number, std::string_view what) {
  int fd = -1;
  std::from_chars(number.data(), number.data() + number.size(), fd);  // digits only: see parse_password_source
  return Secret::read(fd, fmt::format("{}: fd {}", what, number));
}

// The value also stands in /proc/PID/environ for as long as it stands in this memory.
Result<Secret> read_from_environment(const std::string& name, std::string_view what) {
  char* value = std::getenv(name.c_str());
  if (value == nullptr || *value == '\0') {
    return fail(ErrorKind::Usage, fmt::format("{}: environment variable {} is not set", what, printable(name)));
  }
  const std::size_t size = strlen(value);
  auto password = size <= Secret::kMaximum ? Secret::copy_of(as_bytes({value, size}))
                                           : fail(ErrorKind::Usage, fmt::format("{}: is too long", what));
  explicit_bzero(value, size);
  unsetenv(name.c_str());
  return password;
}

bool is_descriptor(std::string_view text) {
  int number = -1;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), number);
  return status == std::errc() && end == text.data() + text.size() && number >= 0 && number != STDOUT_FILENO &&
         number != STDERR_FILENO;
}

}  // namespace

Result<PasswordSource> parse_password_source(std::string_view option, std::string_view text) {
  if (text == "prompt") return PasswordSource{Kind::Prompt};
  const auto colon = text.find(':');
  const auto kind = text.substr(0, colon);
  const std::string detail(colon == std::string_view::npos ? "" : text.substr(colon + 1));
  if (!detail.empty()) {
    if (kind == "file") return PasswordSource{Kind::File, detail};
    if (kind == "fd" && is_descriptor(detail)) return PasswordSource{Kind::Descriptor, detail};
    if (kind == "env" && detail.find('=') == std::string::npos) return PasswordSource{Kind::Environment, detail};
    if (kind == "generate") return PasswordSource{Kind::Generate, detail};
  }
  // The text is not repeated: someone may have typed the password itself.
  return fail(ErrorKind::Usage,
              fmt::format("--{}: is none of prompt, file:PATH, fd:N, env:NAME, generate:PATH", option),
              "the option says where the password is, it is not the password");
}

Result<Secret> read_password(const PasswordSource& source, std::string_view what) {
  switch (source.kind) {
    case Kind::Prompt: return prompt_password(fmt::format("{}: ", what));
    case Kind::File: return read_from_file(source.detail, what);
    case Kind::Descriptor: return read_from_descriptor(source.detail, what);
    case Kind::Environment: return read_from_environment(source.detail, what);
    case Kind::Generate: break;
  }
  return fail(ErrorKind::Usage, fmt::format("{}: is an existing password and cannot be generated", what),
              "use prompt, file:PATH, fd:N or env:NAME");
}

}  // namespace sealroom::pack
