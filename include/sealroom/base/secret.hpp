#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "sealroom/base/bytes.hpp"
#include "sealroom/base/error.hpp"

namespace sealroom {

// Secret holds a PIN or password in memory that is locked (never swapped), left out of core dumps, and wiped
// when the Secret goes. It cannot be copied, printed or compared by accident.
class Secret {
 public:
  // Longest secret that is accepted, in octets.
  static constexpr std::size_t kMaximum = 4096;

  // An empty secret; holds no memory.
  Secret() = default;

  // `size` octets, all zero, to be filled through `writable`. Fails (Failed) when memory cannot be locked.
  static Result<Secret> with_size(std::size_t size);

  // A copy of `octets`; the caller wipes its own.
  static Result<Secret> copy_of(ByteView octets);

  // Reads `fd` to its end. One trailing line feed (or CR LF) is dropped. Fails (Usage) when the rest is empty,
  // longer than kMaximum, or holds NUL, CR or LF; `what` names it in the message ("PIN for token ...").
  static Result<Secret> read(int fd, std::string_view what);

  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret&& other) noexcept;
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret();

  ByteView view() const { return {data_, size_}; }
  std::span<std::uint8_t> writable() { return {data_, size_}; }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

 private:
  void wipe() noexcept;
  std::uint8_t* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t mapped_ = 0;
};

}  // namespace sealroom
