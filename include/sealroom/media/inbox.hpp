#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <variant>

#include "sealroom/base/error.hpp"
#include "sealroom/media/submission.hpp"

namespace sealroom {

struct InboxLimits {
  std::size_t octets_per_file = 65'536;
  std::size_t files = 100'000;
};

// A file below requests/ that cannot be read as a request: `id` is a finding id (docs/findings.md).
struct UnreadableFile {
  std::string path;
  std::string id;
  std::string detail;
};

// A file below requests/ that is passed over, and why.
struct IgnoredFile {
  std::string path;
  std::string reason;
};

using Found = std::variant<Submission, UnreadableFile, IgnoredFile>;

// The path of whatever was found, as octets relative to requests/.
inline const std::string& path_of(const Found& file) {
  return std::visit([](const auto& found) -> const std::string& { return found.path; }, file);
}

// Walks `medium`/requests/ with the caller's rights and hands each file to `visit`, one at a time, in octet order
// of the paths; stops at the first error that `visit` returns. Holds the names of all, and the octets of one.
//
// Opens regular files with one link only, beneath the medium's root, following no link and crossing no mount
// (openat2 RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV), and reads each once.
//   requests/ISSUER/PROFILE/x.{csr,pem,der,req,p10}   Submission
//   names that begin with a dot                       IgnoredFile
//   other endings below a profile                     IgnoredFile
//   a file elsewhere below requests/                  UnreadableFile media.unplaced
//   directory, link, device, two links, too large, empty, unreadable: UnreadableFile with an id of its own
// A directory named like a request (x.csr) is UnreadableFile media.not-a-file. Empty files are media.empty.
//
// Errors: Usage when `medium` is missing or not a directory, Failed when it has no requests/ or more files than
// `limits.files`, or vanishes while it is read.
Result<Done> read_requests(const std::string& medium, const InboxLimits& limits,
                           const std::function<Result<Done>(Found)>& visit);

}  // namespace sealroom
