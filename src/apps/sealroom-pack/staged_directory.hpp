#pragma once

#include <signal.h>

#include <memory>
#include <string>

#include "sealroom/base/file.hpp"

namespace sealroom::pack {

// StagedDirectory is a new directory that appears under its name complete or not at all. Its files are written, synced,
// into NAME.partial beside it, which publish() renames; without that it goes. Directories have mode 0700.
//
// Ctrl-C and the like wait while it exists: they end the process when it has cleaned up. What a process that was killed
// (or a power cut) left as NAME.partial is replaced by the next one.
class StagedDirectory {
 public:
  // Errors (Failed): `target` exists, its parent does not, or another process is writing NAME.partial at this moment.
  static Result<StagedDirectory> create(const std::string& target);

  StagedDirectory(StagedDirectory&& other) noexcept;
  StagedDirectory& operator=(StagedDirectory&&) = delete;
  ~StagedDirectory();

  // Where `path`, relative and of our own making, lies at present: for those who write their files themselves.
  std::string path_of(const std::string& path) const { return partial_ + "/" + path; }

  // Makes a directory, and those above it, where they are missing.
  Result<Done> make_folder(const std::string& path);

  // A new file at `path`, relative and of our own making; directories are made as needed.
  Result<Done> write(const std::string& path, ByteView octets, mode_t mode);

  // Errors (Failed): somebody asked the process to end, or something has the name by now.
  Result<Done> publish() &&;

 private:
  // The signals with which people and systems end a process, blocked while it lives.
  class Uninterrupted {
   public:
    Uninterrupted();
    ~Uninterrupted();
    Uninterrupted(const Uninterrupted&) = delete;
    Uninterrupted& operator=(const Uninterrupted&) = delete;
    static bool asked_to_end();

   private:
    sigset_t before_;
  };

  StagedDirectory(std::string target, std::string partial);

  std::unique_ptr<Uninterrupted> uninterrupted_;
  std::string target_;
  std::string partial_;
  Fd lock_;
};

}  // namespace sealroom::pack
