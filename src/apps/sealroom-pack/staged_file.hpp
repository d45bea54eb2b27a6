#pragma once

#include <sys/types.h>

#include <string>

#include "sealroom/base/bytes.hpp"
#include "sealroom/base/file.hpp"
#include "sealroom/keystore/octet_stream.hpp"

namespace sealroom::pack {

enum class IfExists { Refuse, Replace };

// StagedFile is a new file in the making that has no name yet: whatever ends this process before publish(), nothing is
// left of it. Where the file system cannot do that (O_TMPFILE), it has a name beside the one it shall have, and goes with
// this object. Never is there half a file under its name.
class StagedFile final : public OctetSink {
 public:
  // Errors (Failed): the directory is missing or cannot be written.
  static Result<StagedFile> create(const std::string& target);

  // All of `octets`, at once.
  static Result<StagedFile> of(const std::string& target, ByteView octets);

  StagedFile(StagedFile&& other) noexcept;
  StagedFile& operator=(StagedFile&&) = delete;
  ~StagedFile() override;

  Result<Done> write(ByteView octets) override;

  // Puts what was written on stable storage and goes back to its beginning, to be read through descriptor().
  Result<Done> complete();

  int descriptor() const { return fd_.get(); }

  // Gives the file `mode` and its name, after complete(). With Replace, what had the name before is gone in the same
  // instant. Errors (Failed): with Refuse, something has the name already.
  Result<Done> publish(mode_t mode, IfExists if_exists = IfExists::Refuse) &&;

 private:
  explicit StagedFile(std::string target) : target_(std::move(target)) {}
  Result<Done> flush();
  Result<Done> give_name(IfExists if_exists);

  std::string target_;
  std::string name_;  // of the file until it is published; empty where it has none
  Fd fd_;
  Bytes buffer_;
};

// All of it: a file with these octets, on stable storage, under its name.
Result<Done> write_staged(const std::string& target, ByteView octets, mode_t mode, IfExists if_exists);

// FileSource reads an open file from where it stands.
class FileSource final : public OctetSource {
 public:
  FileSource(int fd, std::string name) : fd_(fd), name_(std::move(name)) {}
  Result<std::size_t> read(std::span<std::uint8_t> out) override;

 private:
  int fd_;
  std::string name_;
  Bytes buffer_;
  std::size_t used_ = 0;
};

// Refuses (Failed) a path at which something is already; a dangling link is something. With Replace a regular file may
// be there.
Result<Done> check_free(const std::string& path, IfExists if_exists);

}  // namespace sealroom::pack
