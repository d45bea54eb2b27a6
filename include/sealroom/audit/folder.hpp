#pragma once

#include <string>
#include <vector>

#include "sealroom/audit/files.hpp"

namespace sealroom {

// The files below a folder, with the caller's rights.
class ExportFolder final : public Files {
 public:
  // Lists everything below `path`. Errors (Failed): it is missing or unreadable, holds anything but files and folders
  // (no link is followed), or more than a million files.
  static Result<ExportFolder> open(const std::string& path);

  std::vector<std::string> paths() const override { return paths_; }
  Result<Done> read(const std::string& path, const std::function<Result<Done>(ByteView)>& take) const override;

 private:
  explicit ExportFolder(std::string root) : root_(std::move(root)) {}
  std::string root_;
  std::vector<std::string> paths_;
};

}  // namespace sealroom
