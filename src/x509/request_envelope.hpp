#pragma once

#include <optional>

#include "sealroom/base/bytes.hpp"
#include "sealroom/x509/finding.hpp"

namespace sealroom {

// The one request in a file that holds PEM or DER; nothing when none can be taken out of it, and then, or when the
// file holds what no request file may hold, findings say why. Never quotes the file: it may hold a private key.
std::optional<Bytes> open_request_file(ByteView octets, Findings& findings);

}  // namespace sealroom
