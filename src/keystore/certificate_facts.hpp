#pragma once

#include <cstdint>
#include <string>

#include "sealroom/x509/certificate.hpp"
#include "sealroom/x509/finding.hpp"

namespace sealroom {

// What both kinds of store ask of a certificate.

// Its subject between quotes, printable.
std::string subject_of(const Certificate& certificate);

bool self_signed(const Certificate& certificate);

// Whether it is restricted to extended key usages, and `usage` (XKU_...) is among them.
bool has_usage(const Certificate& certificate, std::uint32_t usage);

// Adds pack.expired or pack.not-yet-valid.
void examine_validity(const Certificate& certificate, Instant at, Findings& findings);

}  // namespace sealroom
