#include "describe.hpp"

#include <fmt/format.h>

#include "sealroom/x509/name.hpp"

namespace sealroom::pack {

std::string validity_of(const Certificate& certificate) {
  return fmt::format("{} to {}", to_rfc3339(certificate.not_before()).substr(0, 10),
                     to_rfc3339(certificate.not_after()).substr(0, 10));
}

std::string fingerprint_of(const Certificate& certificate) {
  const auto digits = to_upper_hex(certificate.digest());
  std::string text;
  for (std::size_t at = 0; at < digits.size(); at += 2) {
    if (at != 0) text += ":";
    text += digits.substr(at, 2);
  }
  return text;
}

std::string lines_of(const Certificate& certificate) {
  return fmt::format("    {}\n      valid {}, {}\n      SHA-256 {}\n", printable_name(certificate.subject()),
                     validity_of(certificate), certificate.key().description(), fingerprint_of(certificate));
}

}  // namespace sealroom::pack
