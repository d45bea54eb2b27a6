#include "sealroom/base/secret.hpp"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include <fmt/format.h>

namespace sealroom {

Result<Secret> Secret::with_size(std::size_t size) {
  Secret secret;
  if (size == 0) return secret;
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  const std::size_t mapped = (size + page - 1) / page * page;
  void* memory = mmap(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return fail(ErrorKind::Failed, "no memory for a secret");
  if (mlock(memory, mapped) != 0 || madvise(memory, mapped, MADV_DONTDUMP) != 0) {
    const int reason = errno;
    munmap(memory, mapped);
    return fail(ErrorKind::Failed, fmt::format("cannot lock memory for a secret: {}", strerror(reason)),
                "raise the limit on locked memory (ulimit -l)");
  }
  secret.data_ = static_cast<std::uint8_t*>(memory);
  secret.size_ = size;
  secret.mapped_ = mapped;
  return secret;
}

Result<Secret> Secret::copy_of(ByteView octets) {
  auto secret = with_size(octets.size());
  if (secret) std::ranges::copy(octets, secret->writable().begin());
  return secret;
}

Result<Secret> Secret::read(int fd, std::string_view what) {
  auto buffer = with_size(kMaximum + 3);  // room for CR LF and for noticing one octet too many
  if (!buffer) return pass_on(buffer);
  std::size_t used = 0;
  while (used < buffer->size()) {
    const auto got = ::read(fd, buffer->writable().data() + used, buffer->size() - used);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail(ErrorKind::Usage, fmt::format("{}: cannot be read: {}", what, strerror(errno)));
    if (got == 0) break;
    used += static_cast<std::size_t>(got);
  }
  auto text = as_text(buffer->view().first(used));
  if (text.ends_with('\n')) text.remove_suffix(1);
  if (text.ends_with('\r')) text.remove_suffix(1);
  if (text.empty()) return fail(ErrorKind::Usage, fmt::format("{}: is empty", what));
  if (text.size() > kMaximum) {
    return fail(ErrorKind::Usage, fmt::format("{}: is longer than {} octets", what, kMaximum));
  }
  if (text.find_first_of(std::string_view("\0\r\n", 3)) != std::string_view::npos) {
    return fail(ErrorKind::Usage, fmt::format("{}: holds a line break or a NUL", what),
                "give one line and nothing else");
  }
  return copy_of(as_bytes(text));
}

Secret::Secret(Secret&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)),
      mapped_(std::exchange(other.mapped_, 0)) {}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this != &other) {
    wipe();
    data_ = std::exchange(other.data_, nullptr);
    size_ = std::exchange(other.size_, 0);
    mapped_ = std::exchange(other.mapped_, 0);
  }
  return *this;
}

Secret::~Secret() { wipe(); }

void Secret::wipe() noexcept {
  if (data_ == nullptr) return;
  explicit_bzero(data_, mapped_);
  munmap(data_, mapped_);
  data_ = nullptr;
}

}  // namespace sealroom
