#pragma once

#include <sys/types.h>

#include <string>

#include "sealroom/base/bytes.hpp"
#include "sealroom/base/error.hpp"

namespace sealroom::pack {

// StagedFile is a complete new file, on stable storage, under a name beside the one it shall have. publish() gives it
// that name; without that it goes. No existing file is ever touched, and never is there half a file under its name.
class StagedFile {
 public:
  static Result<StagedFile> write(const std::string& target, ByteView octets, mode_t mode);

  StagedFile(StagedFile&& other) noexcept;
  StagedFile& operator=(StagedFile&&) = delete;
  ~StagedFile();

  const std::string& path() const { return path_; }

  // Errors (Failed): something has the name already.
  Result<Done> publish() &&;

 private:
  StagedFile(std::string path, std::string target) : path_(std::move(path)), target_(std::move(target)) {}
  std::string path_;
  std::string target_;
};

// Refuses (Failed) a path at which something is already; a dangling link is something.
Result<Done> check_absent(const std::string& path);

}  // namespace sealroom::pack
