#pragma once

#include <string>

#include "sealroom/x509/certificate.hpp"

namespace sealroom::pack {

// "2026-11-21 to 2027-11-21".
std::string validity_of(const Certificate& certificate);

// "AB:CD:...", the SHA-256 fingerprint as keytool and `openssl x509 -fingerprint` print it.
std::string fingerprint_of(const Certificate& certificate);

// The lines with which a certificate is shown below its entry: subject, validity, fingerprint.
std::string lines_of(const Certificate& certificate);

}  // namespace sealroom::pack
