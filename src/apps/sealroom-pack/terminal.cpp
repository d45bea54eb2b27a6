#include "terminal.hpp"

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "sealroom/base/file.hpp"

namespace sealroom::pack {
namespace {

// SilentTerminal is the controlling terminal, giving every octet as it is typed and showing none, until this goes.
// Its signals are off meanwhile: an interrupt would leave the shell without echo.
class SilentTerminal {
 public:
  SilentTerminal() : fd_(::open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC)) {
    if (!fd_ || tcgetattr(fd_.get(), &before_) != 0) return;
    termios silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO | ICANON | ISIG | IEXTEN);
    silent.c_cc[VMIN] = 1;
    silent.c_cc[VTIME] = 0;
    ready_ = tcsetattr(fd_.get(), TCSAFLUSH, &silent) == 0;
  }
  SilentTerminal(const SilentTerminal&) = delete;
  SilentTerminal& operator=(const SilentTerminal&) = delete;
  ~SilentTerminal() {
    if (ready_) tcsetattr(fd_.get(), TCSAFLUSH, &before_);
  }

  bool ready() const { return ready_; }
  bool show(std::string_view text) const { return write_all(fd_.get(), as_bytes(text), "terminal").has_value(); }
  // The next octet; Ctrl-C when the terminal is gone.
  std::uint8_t next() const {
    std::uint8_t octet = kInterrupt;
    while (::read(fd_.get(), &octet, 1) < 0 && errno == EINTR) {
    }
    return octet;
  }

  static constexpr std::uint8_t kInterrupt = 0x03;

 private:
  Fd fd_;
  termios before_{};
  bool ready_ = false;
};

constexpr std::uint8_t kEndOfText = 0x04;
constexpr std::uint8_t kBackspace = 0x08;
constexpr std::uint8_t kKillLine = 0x15;
constexpr std::uint8_t kDelete = 0x7f;

bool is_continuation(std::uint8_t octet) { return octet >> 6 == 2; }  // UTF-8

std::unexpected<Error> given_up() { return fail(ErrorKind::Usage, "password prompt: given up"); }

}  // namespace

Result<Secret> prompt_password(std::string_view text) {
  const SilentTerminal terminal;
  if (!terminal.ready()) {
    return fail(ErrorKind::Usage, "a password is needed and there is no terminal to ask at",
                "say where it is: file:PATH, fd:N or env:NAME, or for a new password generate:PATH");
  }
  auto line = Secret::with_size(Secret::kMaximum);
  if (!line) return line;
  const auto typed = line->writable();
  std::size_t used = 0;
  if (!terminal.show(text)) return given_up();
  for (;;) {
    const auto octet = terminal.next();
    if (octet == '\r' || octet == '\n') break;
    if (octet == SilentTerminal::kInterrupt || (octet == kEndOfText && used == 0)) {
      terminal.show("\n");
      return given_up();
    }
    if (octet == kBackspace || octet == kDelete) {
      while (used > 0 && is_continuation(typed[used - 1])) --used;
      used -= std::min<std::size_t>(used, 1);
    } else if (octet == kKillLine) {
      used = 0;
    } else if (octet >= 0x20 && used < typed.size()) {
      typed[used++] = octet;
    }
  }
  terminal.show("\n");
  if (used == 0) return fail(ErrorKind::Usage, "password prompt: nothing was typed");
  return Secret::copy_of(line->view().first(used));
}

}  // namespace sealroom::pack
