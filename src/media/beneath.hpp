#pragma once

#include <dirent.h>
#include <sys/stat.h>

#include <memory>
#include <optional>
#include <string>

#include "sealroom/base/error.hpp"
#include "sealroom/base/file.hpp"

namespace sealroom {

// Opens `name` inside `directory` following no link and crossing no mount (openat2(2)); errno says why not.
Fd open_beneath(int directory, const std::string& name, int flags, mode_t mode = 0);

// The kind and size of `name` inside `directory`, of a link itself; errno says why not.
bool status_beneath(int directory, const std::string& name, struct stat& status);

// Opens the root of a medium, a path that the caller chose. Errors: Usage when it is missing or not a directory.
Result<Fd> open_medium(const std::string& medium);

// Entries gives the names in a directory one by one, without "." and "..".
class Entries {
 public:
  // Reads through a descriptor of its own; `directory` is lent for the moment. errno says why ok() is false.
  explicit Entries(int directory);

  bool ok() const { return stream_ != nullptr; }

  // The next name; nothing at the end, or when reading failed: then reason() is not 0.
  std::optional<std::string> next();
  int reason() const { return reason_; }

  // Whether the newest name is one of a regular file, as the folder has it; false also where folders do not say.
  bool names_file() const { return names_file_; }

 private:
  struct Close {
    void operator()(DIR* stream) const { closedir(stream); }
  };
  std::unique_ptr<DIR, Close> stream_;
  int reason_ = 0;
  bool names_file_ = false;
};

// `medium` is gone, or so broken that nothing more can be had from it, when a call ends with `reason`.
bool means_gone(int reason);

// What is wrong with `medium` when a call about `path` on it ended with `reason`, in words; Failed.
std::unexpected<Error> medium_failure(const std::string& medium, const std::string& path, int reason);

}  // namespace sealroom
