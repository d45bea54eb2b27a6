#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "sealroom/audit/files.hpp"
#include "sealroom/audit/verify.hpp"
#include "sealroom/base/json.hpp"

namespace sealroom::audit {

// The largest file that is looked at as a whole: the report of 100,000 requests is smaller.
inline constexpr std::size_t kLargestFile = std::size_t{512} << 20;

// The most requests that a batch can have (`limits: requests` of sealroom.yaml).
inline constexpr std::size_t kMostRequests = 1'000'000;

// Adds `piece` to `text`. Error: kLargestFile would be passed.
Result<Done> append(std::string& text, ByteView piece);

// Collects what is wrong, and no more of it than somebody would read.
class Complaints {
 public:
  explicit Complaints(Verification& verification) : verification_(verification) {}

  // A detail may quote the export as it is: it is made printable here, unless it is already.
  void add(std::string_view id, std::string detail);
  void require(bool held, std::string_view id, std::string detail) {
    if (!held) add(id, std::move(detail));
  }

 private:
  Verification& verification_;
};

// The files of an export, with the digest that each had when it was first read: what is read later must still have it.
// A file that cannot be read, or changes meanwhile, or is larger than kLargestFile, is a finding. Only log.jsonl may be:
// it is never looked at as a whole, and read no further than its first line that is too long.
class ExportedFiles {
 public:
  ExportedFiles(const Files& files, Complaints& complaints);

  const std::map<std::string, Digest>& digests() const { return digests_; }
  bool has(const std::string& path) const { return digests_.contains(path); }

  // The octets of a file that belongs to this export; nothing, with a finding, when it is missing.
  std::optional<std::string> text(const std::string& path);

  // The same parsed as JSON of at most `most` values.
  std::optional<Json> json(const std::string& path, std::size_t most);

  // Every line of it without its line feed, one at a time.
  void each_line(const std::string& path, const std::function<void(std::string_view line)>& visit);

  // Findings for what was never asked for, and for a SHA256SUMS that is not exactly the sums of all other files.
  void check_completeness();

 private:
  std::optional<Digest> read(const std::string& path, const std::function<Result<Done>(ByteView)>& take);
  bool take_in(const std::string& path);

  const Files& files_;
  Complaints& complaints_;
  std::map<std::string, Digest> digests_;
  std::set<std::string> belonging_;
  std::set<std::string> unreadable_;  // each has its finding
};

// Members of JSON that somebody else wrote; what is missing or of another type is "" or nothing.
std::string text_in(const Json& object, const char* name);
std::optional<std::uint64_t> count_in(const Json& object, const char* name);
const Json& list_in(const Json& object, const char* name);  // an empty list when there is none

}  // namespace sealroom::audit
