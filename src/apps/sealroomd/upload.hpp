#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <memory>

#include "sealroom/media/inbox.hpp"

namespace sealroom::daemon {

// UploadSpace is what all connections together may have uploaded and not seen planned, on the home's disk. Safe from
// every thread.
class UploadSpace {
 public:
  static constexpr std::size_t kOctets = std::size_t{512} * 1024 * 1024;

  bool take(std::size_t octets);
  void give_back(std::size_t octets) { used_ -= octets; }

 private:
  std::atomic<std::size_t> used_ = 0;
};

// Upload is the files of one import, which take their space until they are let go. They lie in a file in the home that
// has no name, so that nothing is left of them however the daemon ends, and little of them is in memory.
class Upload {
 public:
  explicit Upload(UploadSpace& space) : space_(&space) {}
  Upload(Upload&& other) noexcept;
  Upload& operator=(Upload&& other) noexcept;
  ~Upload() { clear(); }

  // Errors (Failed): there is no space left for it, by our own bound or on the disk. Nothing but clear() follows.
  Result<Done> add(const Found& file);
  std::size_t files() const { return files_; }
  void clear();

  // Hands all files to `visit` in the order in which they came, and passes its error on.
  Result<Done> each(const std::function<Result<Done>(Found)>& visit);

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };

  UploadSpace* space_;
  std::unique_ptr<std::FILE, Close> spool_;
  std::size_t files_ = 0;
  std::size_t octets_ = 0;
};

}  // namespace sealroom::daemon
