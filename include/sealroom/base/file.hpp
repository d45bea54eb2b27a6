#pragma once

#include <sys/types.h>

#include <cstddef>
#include <string>

#include "sealroom/base/bytes.hpp"
#include "sealroom/base/error.hpp"

namespace sealroom {

// Fd owns a file descriptor and closes it.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(other.release()) {}
  Fd& operator=(Fd&& other) noexcept;
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd();

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  int release();

 private:
  int fd_ = -1;
};

// Reads a whole regular file of at most `limit` octets. For files that are ours; media go through sealroom/media.
Result<Bytes> read_file(const std::string& path, std::size_t limit);

// Writes `octets` into a new file with exactly `mode`; the file is on stable storage when this returns.
// An existing file is never touched (O_EXCL); after a failure the new file is gone again.
Result<Done> write_new_file(const std::string& path, ByteView octets, mode_t mode);

// Makes the names inside directory `path` durable.
Result<Done> sync_directory(const std::string& path);

// Writes all of `octets` to `fd`, however many calls it takes; `name` stands in the error.
Result<Done> write_all(int fd, ByteView octets, const std::string& name);

}  // namespace sealroom
