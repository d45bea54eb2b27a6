#pragma once

#include <map>
#include <string>

#include "sealroom/audit/files.hpp"
#include "sealroom/crypto/crypto.hpp"
#include "sealroom/crypto/sums.hpp"

namespace sealroom::testing {

// An export in memory, that a test can change as it likes.
class MemoryFiles final : public Files {
 public:
  std::map<std::string, std::string> files;

  std::vector<std::string> paths() const override {
    std::vector<std::string> all;
    for (const auto& [path, octets] : files) all.push_back(path);
    return all;
  }

  Result<Done> read(const std::string& path, const std::function<Result<Done>(ByteView)>& take) const override {
    return take(as_bytes(files.at(path)));
  }

  // What somebody does who changes files and does not want it to show in the sums.
  void mend_sums() {
    std::map<std::string, Digest> sums;
    for (const auto& [path, octets] : files) {
      if (path != kSumsFile) sums.emplace(path, sha256(as_bytes(octets)));
    }
    files[kSumsFile] = sums_text(sums);
  }
};

}  // namespace sealroom::testing
