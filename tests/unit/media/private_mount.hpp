#pragma once

#include <fcntl.h>
#include <linux/types.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <string>
#include <utility>

#include "support/run_program.hpp"

namespace sealroom::testing {

// PrivateMount mounts a file system that only the calling thread sees, if it may; why() says why not.
class PrivateMount {
 public:
  // A tmpfs.
  PrivateMount(std::string at, const std::string& options) : at_(std::move(at)) {
    if (!alone()) return;
    mounted_ = mount("sealroom-test", at_.c_str(), "tmpfs", MS_NOSUID | MS_NODEV, options.c_str()) == 0;
    if (!mounted_) why_ = std::string("a tmpfs cannot be mounted: ") + strerror(errno);
  }

  // The ext4 file system in the file `image`, which is made here.
  struct Ext4 {
    std::string image;
  };
  PrivateMount(std::string at, const Ext4& ext4) : at_(std::move(at)) {
    if (!alone()) return;
    const Fd file(::open(ext4.image.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    if (!file || ftruncate(file.get(), 16 << 20) != 0) throw std::runtime_error("no image");
    mounted_ = run_program({"mkfs.ext4", "-q", "-F", ext4.image}).exit_code == 0 &&
               run_program({"mount", "-o", "loop", ext4.image, at_}).exit_code == 0;
    if (!mounted_) why_ = "an ext4 image cannot be mounted";
  }
  PrivateMount(const PrivateMount&) = delete;
  PrivateMount& operator=(const PrivateMount&) = delete;
  ~PrivateMount() { unmount(); }

  explicit operator bool() const { return mounted_; }
  const std::string& why() const { return why_; }

  bool make_read_only() { return mount(nullptr, at_.c_str(), nullptr, MS_REMOUNT | MS_RDONLY, nullptr) == 0; }

  // From now on an ext4 file system is as one whose medium was pulled out.
  bool pull() {
    const Fd root(::open(at_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    __u32 without_writing_anything = 2;
    return root && ioctl(root.get(), _IOR('X', 125, __u32), &without_writing_anything) == 0;  // EXT4_IOC_SHUTDOWN
  }

  void unmount() {
    if (mounted_) umount2(at_.c_str(), MNT_DETACH);
    mounted_ = false;
  }

 private:
  // Mounts from here on concern this thread's namespace only.
  bool alone() {
    if (unshare(CLONE_NEWNS) == 0 && mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0) return true;
    why_ = std::string("mounts of its own are not permitted to this test: ") + strerror(errno);
    return false;
  }

  const std::string at_;
  bool mounted_ = false;
  std::string why_;
};

}  // namespace sealroom::testing
