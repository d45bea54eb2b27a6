#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>

#include <fmt/format.h>

#include "daemon_call.hpp"
#include "sealroom/base/text.hpp"

namespace sealroom::cli {
namespace {

// The terminal without echo, for as long as the value lives.
class Silence {
 public:
  explicit Silence(int terminal) : terminal_(terminal) {
    valid_ = tcgetattr(terminal, &before_) == 0;
    auto silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    if (valid_) tcsetattr(terminal, TCSAFLUSH, &silent);
  }
  ~Silence() {
    if (valid_) tcsetattr(terminal_, TCSAFLUSH, &before_);
  }
  Silence(const Silence&) = delete;
  Silence& operator=(const Silence&) = delete;

 private:
  int terminal_;
  bool valid_ = false;
  termios before_{};
};

Result<Fd> open_terminal(const std::string& question) {
  Fd terminal(::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY));
  if (!terminal) {
    return fail(ErrorKind::NeedsPerson, fmt::format("{}: there is no terminal to ask on", question),
                "use --pin-file or --pin-fd for PINs");
  }
  auto asked = write_all(terminal.get(), as_bytes(question + ": "), "/dev/tty");
  if (!asked) return pass_on(asked);
  return terminal;
}

// One line of the terminal, straight into locked memory.
Result<Secret> read_line(int terminal) {
  auto line = Secret::with_size(Secret::kMaximum);
  if (!line) return line;
  std::size_t used = 0;
  while (used < line->size()) {
    const auto got = ::read(terminal, line->writable().data() + used, 1);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0 || line->view()[used] == '\n') break;
    ++used;
  }
  return Secret::copy_of(line->view().first(used));
}

Result<Secret> read_pin_file(const std::string& path) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!fd) return fail(ErrorKind::Usage, fmt::format("PIN file {}: {}", printable(path), strerror(errno)));
  struct stat status{};
  if (fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
    return fail(ErrorKind::Usage, fmt::format("PIN file {}: is not a regular file", printable(path)));
  }
  if ((status.st_mode & 077) != 0) {
    return fail(
        ErrorKind::Usage,
        fmt::format("PIN file {}: others may read or change it (mode {:04o})", printable(path), status.st_mode & 07777),
        fmt::format("chmod 600 {}", printable(path)));
  }
  return Secret::read(fd.get(), fmt::format("PIN file {}", printable(path)));
}

Result<Secret> find_pin(const std::string& owner, const PinSource& source, const std::string& trial_file) {
  if (!source.file.empty()) return read_pin_file(source.file);
  if (source.fd >= 0) return Secret::read(source.fd, fmt::format("PIN on descriptor {}", source.fd));
  if (!trial_file.empty()) return read_pin_file(trial_file);
  return ask_secret(fmt::format("PIN for the token of {}", owner));
}

// The read end of a pipe that holds `pin`; a pipe's buffer is never swapped.
Result<Fd> piped(const Secret& pin) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return fail(ErrorKind::Failed, fmt::format("no pipe: {}", strerror(errno)));
  Fd reading(ends[0]);
  const Fd writing(ends[1]);
  auto written = write_all(writing.get(), pin.view(), "pipe");
  if (!written) return pass_on(written);
  return reading;
}

}  // namespace

Result<Secret> ask_secret(const std::string& question) {
  auto terminal = open_terminal(question);
  if (!terminal) return pass_on(terminal);
  auto line = [&] {
    const Silence silence(terminal->get());
    return read_line(terminal->get());
  }();
  auto ended = write_all(terminal->get(), as_bytes("\n"), "/dev/tty");
  if (!ended) return pass_on(ended);
  if (line && line->empty()) return fail(ErrorKind::Usage, fmt::format("{}: nothing was typed", question));
  return line;
}

Result<std::string> ask(const std::string& question) {
  auto terminal = open_terminal(question);
  if (!terminal) return pass_on(terminal);
  auto line = read_line(terminal->get());
  if (!line) return pass_on(line);
  return std::string(as_text(line->view()));
}

Result<Done> confirm_time(wire::Client& client, const Json& status, const PinSource& source) {
  const bool trial = status.at("trial").get<bool>();
  if (source.confirm_time.empty() && (trial || status.at("clock_doubt").get<std::string>().empty())) return Done{};
  auto told = source.confirm_time;
  if (told.empty()) {
    auto typed = ask(fmt::format(
        "the time must be confirmed, because {}; this machine says {}. Date and time of a clock that you trust, in "
        "UTC (YYYY-MM-DDTHH:MMZ)",
        status.at("clock_doubt").get<std::string>(), status.at("time").get<std::string>()));
    if (!typed) {
      typed.error().hint = "or give it: sealroom unlock ... --confirm-time YYYY-MM-DDTHH:MMZ";
      return pass_on(typed);
    }
    told = *typed;
  }
  auto confirmed = client.call("clock.confirm", {{"time", told}});
  if (!confirmed) return pass_on(confirmed);
  return Done{};
}

Result<std::optional<Json>> call_with_pin(wire::Client& client, const std::string& owner, const PinSource& source,
                                          const std::string& method, Json parameters) {
  auto status = client.call("status");
  if (!status) return pass_on(status);
  auto sound = ledger_is_sound(*status);
  if (!sound) return pass_on(sound);
  auto confirmed = confirm_time(client, *status, source);
  if (!confirmed) return pass_on(confirmed);
  std::string trial_file;
  bool known = false;
  for (const auto& key : status->at("keys")) {
    if (key.at("owner") != owner) continue;
    known = true;
    if (key.at("unlocked").get<bool>()) return std::nullopt;
    if (!key.at("present").get<bool>() && source.file.empty() && source.fd < 0) {  // no use in asking for its PIN
      return fail(ErrorKind::Token, key.at("trouble").get<std::string>(),
                  "insert the token; one of SoftHSM whose files were damaged is not present any more, either");
    }
    trial_file = key.value("trial_pin_file", "");
  }
  if (!known) {
    return fail(ErrorKind::Usage, fmt::format("there is no issuer \"{}\" on this appliance", printable(owner)),
                "see `sealroom issuer list`");
  }
  auto pin = find_pin(owner, source, trial_file);
  if (!pin) return pass_on(pin);
  auto fd = piped(*pin);
  if (!fd) return pass_on(fd);
  parameters["accept_final_try"] = source.accept_final_try;
  auto answer = client.call(method, parameters, {fd->get()});
  if (!answer) return pass_on(answer);
  return std::optional(std::move(*answer));
}

Result<Json> unlock_owner(wire::Client& client, const std::string& owner, const PinSource& source) {
  auto unlocked = call_with_pin(client, owner, source, "unlock", {{"owner", owner}, {"key_work", source.key_work}});
  if (!unlocked) return pass_on(unlocked);
  if (*unlocked) return (*unlocked)->at("unknown_keys");
  auto status = client.call("status");
  if (!status) return status;
  for (const auto& key : status->at("keys")) {
    if (key.at("owner") == owner) return key.at("unknown_keys");
  }
  return Json::array();
}

}  // namespace sealroom::cli
