#pragma once

#include <signal.h>

#include <memory>
#include <string>

#include "sealroom/base/file.hpp"

namespace sealroom::pack {

// StagedDirectory is a new directory that appears under its name complete or not at all. Its files are written, synced,
// into NAME.partial beside it, out of which publish() renames them; NAME.partial goes. Directories have mode 0700.
//
// Ctrl-C and the like wait while it exists: they end the process when it has cleaned up. What a process that was killed
// (or a power cut) left as NAME.partial is replaced by the next one; it is known by a marker in it.
class StagedDirectory {
 public:
  // Errors (Failed): `target` exists, its parent does not, another process is writing NAME.partial at this moment, or
  // that is not ours: of another owner, open to others, or with contents and without the marker.
  static Result<StagedDirectory> create(const std::string& target);

  StagedDirectory(StagedDirectory&& other) noexcept;
  StagedDirectory& operator=(StagedDirectory&&) = delete;
  ~StagedDirectory();

  // Where `path`, relative and of our own making, lies at present: for those who write their files themselves.
  std::string path_of(const std::string& path) const;

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
