#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sealroom/base/bytes.hpp"
#include "sealroom/base/error.hpp"

namespace sealroom {

inline constexpr std::string_view kCertificatePem = "CERTIFICATE";  // the label of a certificate

// One PEM block (RFC 7468) with `label`, 64 characters a line, LF.
std::string to_pem(std::string_view label, ByteView der);

// The DER of every CERTIFICATE block in `text`, in order; or, when `text` is DER, that one. Text between blocks is
// passed over. Errors (Failed): none found, a block that is not base64, or any PRIVATE KEY block. `what` names it.
Result<std::vector<Bytes>> read_certificates(ByteView text, std::string_view what);

// The DER of every PUBLIC KEY block in `text`, in order; text between blocks is passed over. Errors (Failed): none found,
// a block that is not base64.
Result<std::vector<Bytes>> read_public_keys(std::string_view text, std::string_view what);

}  // namespace sealroom
