#pragma once

#include "sealroom/base/bytes.hpp"
#include "sealroom/base/error.hpp"
#include "sealroom/plan/planned_certificate.hpp"

namespace sealroom {

// The DER of the TBSCertificate that `openssl ca` 3.0 would sign for this permit (for the issuer's own certificate:
// `openssl req -x509`). Errors: Usage when OpenSSL cannot make an extension of the section.
Result<Bytes> build_to_be_signed(const Permit& permit, const Serial& serial);

}  // namespace sealroom
