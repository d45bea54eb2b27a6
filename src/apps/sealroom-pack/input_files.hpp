#pragma once

#include <string>
#include <vector>

#include "packing.hpp"
#include "sealroom/base/secret.hpp"
#include "sealroom/x509/certificate.hpp"

namespace sealroom::pack {

// Larger files are no store that was written for use.
inline constexpr std::size_t kLargestStore = 256 * 1024 * 1024;

// Every certificate in file `path` (PEM, or one in DER), in order. Errors (Failed): not readable, none in it, not a
// certificate, or a private key beside them (pack.private-key): what is handed round must not carry one.
Result<std::vector<Certificate>> read_certificate_file(const std::string& path);

// The same, as DER that was not looked into.
Result<std::vector<Bytes>> read_certificate_ders(const std::string& path);

// The octets of a file that may hold a private key, straight into locked memory. Errors (Failed): not a regular file,
// empty, longer than `limit`.
Result<Secret> read_secret_file(const std::string& path, std::size_t limit);

// The octets of a small file with a private key, straight into locked memory.
Result<Secret> read_key_file(const std::string& path);

// The time that entries carry: SOURCE_DATE_EPOCH where it is set (reproducible-builds.org), else `now`.
Result<EntryTime> entry_time(Instant now);

}  // namespace sealroom::pack
