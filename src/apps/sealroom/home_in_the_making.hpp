#pragma once

#include <sys/types.h>

#include <string>

#include "sealroom/base/error.hpp"
#include "sealroom/base/file.hpp"

namespace sealroom::cli {

// A folder of a home. Errors: Failed.
Result<Done> make_directory(const std::string& path, mode_t mode);

// HomeInTheMaking is a home that is there complete or not at all: it is built as HOME.partial and gets its name when it
// is done. What was interrupted is cleared away by the next one.
class HomeInTheMaking {
 public:
  // Makes HOME.partial with the folders that every home has. Errors: Usage when `home` exists and is not empty, or
  // when something else is in the way; Failed while somebody else is making it.
  static Result<HomeInTheMaking> begin(const std::string& home);

  HomeInTheMaking(HomeInTheMaking&&) noexcept;
  HomeInTheMaking& operator=(HomeInTheMaking&&) = delete;
  ~HomeInTheMaking();  // clears away what was not finished

  const std::string& path() const { return path_; }        // absolute
  const std::string& partial() const { return partial_; }  // where it is built

  Result<Done> finish();

 private:
  explicit HomeInTheMaking(std::string path) : path_(std::move(path)), partial_(path_ + ".partial") {}
  Result<Done> take_place();

  std::string path_;
  std::string partial_;
  Fd lock_;
};

}  // namespace sealroom::cli
