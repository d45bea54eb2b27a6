#pragma once

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>

namespace sealroom::testing {

// TemporaryDirectory is a new empty directory under TMPDIR (or /tmp) that goes, with everything in it, when this does.
class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    const char* parent = std::getenv("TMPDIR");
    path_ = std::string(parent != nullptr && *parent != '\0' ? parent : "/tmp") + "/sealroom-test-XXXXXX";
    if (mkdtemp(path_.data()) == nullptr) throw std::runtime_error("mkdtemp failed for " + path_);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory() {
    std::error_code ignored;
    using iterator = std::filesystem::recursive_directory_iterator;
    for (auto at = iterator(path_, ignored); at != iterator(); at.increment(ignored)) {
      // A directory that a test made read-only could not be emptied otherwise.
      if (at->is_directory(ignored) && !at->is_symlink(ignored)) ::chmod(at->path().c_str(), 0700);
    }
    std::filesystem::remove_all(path_, ignored);
  }

  const std::string& path() const { return path_; }

  // The path of `relative` in here; "a/b" is not made.
  std::string operator/(std::string_view relative) const { return path_ + "/" + std::string(relative); }

  // Writes `text` to `relative`, making the directories on the way; returns the path.
  std::string write(std::string_view relative, std::string_view text) const {
    const std::string file = *this / relative;
    std::filesystem::create_directories(std::filesystem::path(file).parent_path());
    std::ofstream out(file, std::ios::binary | std::ios::trunc);
    out.write(text.data(), static_cast<std::streamsize>(text.size()));
    out.close();
    if (!out) throw std::runtime_error("cannot write " + file);
    return file;
  }

  // The octets of file `relative`; throws when it cannot be read.
  std::string read(std::string_view relative) const {
    std::ifstream in(*this / relative, std::ios::binary);
    if (!in) throw std::runtime_error("cannot read " + (*this / relative));
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  }

 private:
  std::string path_;
};

}  // namespace sealroom::testing
