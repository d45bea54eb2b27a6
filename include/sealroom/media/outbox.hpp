#pragma once

#include <sys/types.h>

#include <functional>
#include <future>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "sealroom/base/bytes.hpp"
#include "sealroom/base/error.hpp"
#include "sealroom/base/file.hpp"

namespace sealroom {

// Outbox writes one directory onto a medium so that it is either there complete, or not there at all.
//
// Files go into PARENT/NAME.partial, new files only; finish() reads every file back, compares it with what was
// given, syncs, and renames to PARENT/NAME. A .partial left by an interrupted run is removed first. Nothing follows
// links. Works on file systems without modes or links (FAT).
class Outbox {
 public:
  // Creates MEDIUM/PARENT/NAME.partial (and PARENT). `parent` and `name` are plain names of ours. Errors: Usage when
  // `medium` is missing, Failed when it is full or read-only, or when PARENT/NAME exists.
  static Result<Outbox> create(const std::string& medium, const std::string& parent, const std::string& name);

  Outbox(Outbox&&) noexcept = default;
  Outbox& operator=(Outbox&& other) noexcept;
  // Removes the .partial directory, and PARENT if it was made for it, unless finish() succeeded.
  ~Outbox();

  // Writes a new file at `path` (relative, '/'-separated, each part plain), making directories as needed.
  // `mode` is applied where there are modes. A path given twice is an error. After an error the .partial is gone and
  // nothing more can be written.
  Result<Done> write(const std::string& path, ByteView octets, mode_t mode);

  // The same with octets that come in pieces, for files that are larger than memory should hold: `next` gives one
  // after the other, and an empty one at the end. An error of `next` is passed on.
  Result<Done> write(const std::string& path, const std::function<Result<Bytes>()>& next, mode_t mode);

  // Makes a new file as write() does, and leaves it to other threads to fill it, 64 at a time, the last of them to settle():
  // for many small files, since to make one holds its folder's lock and to fill one does not. What comes of filling is told
  // by a later call, by settle() at the latest. A large file is written at once.
  Result<Done> write_behind(const std::string& path, Bytes octets, mode_t mode);

  // Returns when every file that was begun is filled.
  Result<Done> settle();

  // What was written until now, as path → SHA-256; what was written behind is in it after settle().
  const std::map<std::string, Digest>& written() const { return written_; }

  // Read-back, sync, rename, sync. After an error nothing is left but what was there before.
  Result<Done> finish();

 private:
  Outbox() = default;
  void abandon() noexcept;
  std::unexpected<Error> ended() const;
  std::unexpected<Error> failure(const std::string& path, int reason) const;
  std::unexpected<Error> abandoned(const std::string& path, int reason);
  // A file that is there and empty.
  struct Begun {
    Fd file;
    std::string path;
    Bytes octets;
    mode_t mode;
  };
  struct Filled {
    std::vector<std::pair<std::string, Digest>> digests;
    std::string failed;  // the path that could not be filled
    int reason = 0;      // and why
  };
  static Filled fill(std::vector<Begun>& files);
  void fill_begun(std::launch when);

  Result<Fd> begin(const std::string& path);
  Result<Done> claim(const std::string& path);
  Result<Done> take_filled();
  Result<Done> create_file(const std::string& path, const std::function<Result<ByteView>()>& next, mode_t mode);
  Result<Done> read_back() const;
  Result<Done> rename_into_place();

  std::string medium_;
  std::string parent_name_;
  std::string final_name_;
  std::string partial_name_;
  Fd root_;  // only while PARENT is one that we made
  Fd parent_;
  Fd directory_;
  std::map<std::string, Digest> written_;
  std::set<std::string> folders_;  // that were made, with a '/' behind
  std::vector<Begun> begun_;
  std::vector<std::future<Filled>> filling_;  // in the order in which they were begun
};

// The octets of every regular file below `directory`, as path → SHA-256, following no links.
// Used to compare a complete export with what would be written. Errors: Failed, also for anything that is neither a
// file nor a folder.
Result<std::map<std::string, Digest>> digests_below(const std::string& directory);

}  // namespace sealroom
