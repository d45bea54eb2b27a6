#include "input_files.hpp"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdlib>

#include <fmt/format.h>

#include "sealroom/base/file.hpp"
#include "sealroom/base/text.hpp"
#include "sealroom/x509/pem.hpp"

namespace sealroom::pack {
namespace {

constexpr std::size_t kLargestCertificateFile = 1024 * 1024;
constexpr std::size_t kLargestKeyFile = 1024 * 1024;  // a store with its chain, too
constexpr long long kEndOfTime = 253402300799;        // 9999-12-31T23:59:59Z

}  // namespace

Result<std::vector<Bytes>> read_certificate_ders(const std::string& path) {
  auto octets = read_file(path, kLargestCertificateFile);
  if (!octets) return pass_on(octets);
  if (as_text(*octets).find("PRIVATE KEY-----") != std::string_view::npos) {
    explicit_bzero(octets->data(), octets->size());
    return fail(ErrorKind::Failed,
                fmt::format("{}: {}: holds a private key beside certificates", "pack.private-key", printable(path)),
                "give a file of certificates only; the key of a keystore goes to --key");
  }
  return read_certificates(*octets, printable(path));
}

Result<std::vector<Certificate>> read_certificate_file(const std::string& path) {
  auto ders = read_certificate_ders(path);
  if (!ders) return pass_on(ders);
  std::vector<Certificate> certificates;
  for (const auto& der : *ders) {
    auto certificate = Certificate::parse(der);
    const auto where = fmt::format("{}: certificate {}", printable(path), certificates.size() + 1);
    if (!certificate) return pass_on(certificate, where);
    certificates.push_back(std::move(*certificate));
  }
  return certificates;
}

Result<Secret> read_secret_file(const std::string& path, std::size_t limit) {
  const auto where = printable(path);
  const Fd fd(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  if (!fd) return fail(ErrorKind::Failed, fmt::format("{}: cannot be opened: {}", where, strerror(errno)));
  struct stat status{};
  if (fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
    return fail(ErrorKind::Failed, fmt::format("{}: is not a regular file", where));
  }
  const auto size = static_cast<std::size_t>(status.st_size);
  if (size == 0 || size > limit) {
    return fail(ErrorKind::Failed, fmt::format("{}: has {} octets, 1 to {} are read", where, size, limit));
  }
  auto octets = Secret::with_size(size);
  if (!octets) return octets;
  for (std::size_t used = 0; used < size;) {
    const auto got = ::read(fd.get(), octets->writable().data() + used, size - used);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return fail(ErrorKind::Failed, fmt::format("{}: cannot be read to its end", where));
    used += static_cast<std::size_t>(got);
  }
  return octets;
}

Result<Secret> read_key_file(const std::string& path) { return read_secret_file(path, kLargestKeyFile); }

Result<EntryTime> entry_time(Instant now) {
  const char* value = std::getenv("SOURCE_DATE_EPOCH");
  if (value == nullptr) return EntryTime{now};
  const std::string_view text = value;
  long long seconds = -1;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (status != std::errc() || end != text.data() + text.size() || seconds < 0 || seconds > kEndOfTime) {
    return fail(ErrorKind::Usage,
                fmt::format("SOURCE_DATE_EPOCH '{}': is not a number of seconds since 1970", printable(text)),
                "unset it, or set it to what date +%s prints");
  }
  return EntryTime{Instant(std::chrono::seconds(seconds)), Salts::FromContent};
}

}  // namespace sealroom::pack
