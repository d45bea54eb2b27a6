#pragma once

#include <functional>
#include <string>
#include <vector>

#include "sealroom/base/bytes.hpp"
#include "sealroom/base/error.hpp"

namespace sealroom {

// The files of an export, wherever they lie. Nothing in them is trusted.
class Files {
 public:
  virtual ~Files() = default;

  // Every file's path relative to the export's folder, parts joined by '/', each once.
  virtual std::vector<std::string> paths() const = 0;

  // Hands over the octets of one of paths(), in order and in pieces; stops at the first error of `take`.
  // Errors: Failed when the file cannot be read.
  virtual Result<Done> read(const std::string& path, const std::function<Result<Done>(ByteView piece)>& take) const = 0;
};

}  // namespace sealroom
