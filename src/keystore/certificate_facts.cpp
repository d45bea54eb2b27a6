#include "certificate_facts.hpp"

#include <fmt/format.h>
#include <openssl/x509v3.h>

#include "sealroom/x509/name.hpp"

namespace sealroom {

std::string subject_of(const Certificate& certificate) {
  return fmt::format("'{}'", printable_name(certificate.subject()));
}

bool self_signed(const Certificate& certificate) {
  return certificate.self_issued() && certificate.signed_by(certificate.key());
}

void examine_validity(const Certificate& certificate, Instant at, Findings& findings) {
  if (at > certificate.not_after()) {
    findings.push_back({"pack.expired", fmt::format("{}: is not valid since {}; renew it", subject_of(certificate),
                                                    to_rfc3339(certificate.not_after()))});
  } else if (at < certificate.not_before()) {
    findings.push_back(
        {"pack.not-yet-valid", fmt::format("{}: is not valid before {}; is this machine's clock right?",
                                           subject_of(certificate), to_rfc3339(certificate.not_before()))});
  }
}

bool has_usage(const Certificate& certificate, std::uint32_t usage) {
  const bool restricted = (X509_get_extension_flags(certificate.get()) & EXFLAG_XKUSAGE) != 0;
  return restricted && (X509_get_extended_key_usage(certificate.get()) & usage) != 0;
}

}  // namespace sealroom
