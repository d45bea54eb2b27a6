#pragma once

#include <atomic>
#include <cstddef>

#include "sealroom/issuance/issue.hpp"

namespace sealroom::daemon {

// UploadSpace is what all connections together may have uploaded and not seen planned. Safe from every thread.
class UploadSpace {
 public:
  static constexpr std::size_t kOctets = std::size_t{256} * 1024 * 1024;

  bool take(std::size_t octets);
  void give_back(std::size_t octets) { used_ -= octets; }

 private:
  std::atomic<std::size_t> used_ = 0;
};

// Upload is the files of one import, which take their space until they are let go.
class Upload {
 public:
  explicit Upload(UploadSpace& space) : space_(&space) {}
  Upload(Upload&& other) noexcept;
  Upload& operator=(Upload&& other) noexcept;
  ~Upload() { clear(); }

  // False when there is no space left for it.
  bool add(Found file);
  std::size_t files() const { return files_.size(); }
  void clear();

  // The files; their space stays taken for as long as this lives.
  decltype(Intake::files) take_files() { return std::move(files_); }

 private:
  UploadSpace* space_;
  decltype(Intake::files) files_;
  std::size_t octets_ = 0;
};

}  // namespace sealroom::daemon
