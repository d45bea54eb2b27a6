#pragma once

#include <map>
#include <string>

#include "sealroom/base/bytes.hpp"

namespace sealroom {

// The file that lists the digests of all others in an export.
inline constexpr const char* kSumsFile = "SHA256SUMS";

// "hex  path\n" for each file in octet order of the paths, as `sha256sum -c` reads it.
std::string sums_text(const std::map<std::string, Digest>& digests);

// SHA-256 of sums_text over those files whose path `belongs` chooses: the digests that the log entry of an export has.
Digest digest_of_sums(const std::map<std::string, Digest>& digests, bool (*belongs)(const std::string& path));

// Outside audit/, and not SHA256SUMS itself: what an export brings to its users.
bool is_export_content(const std::string& path);

// Inside audit/, and neither proven by the checkpoint nor dependent on it.
bool is_export_evidence(const std::string& path);

}  // namespace sealroom
