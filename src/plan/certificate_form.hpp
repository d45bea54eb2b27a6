#pragma once

#include "sealroom/plan/planned_certificate.hpp"

// The certificate rules that need no comparison with a purpose: encodings and criticality. Each adds what is broken.
namespace sealroom {

// cert.signature-algorithm: the same inside and outside, SHA-256, 384 or 512 with the issuer's kind of key and the
// right parameters (RFC 5280 section 4.1.1.2, RFC 4055 section 5, RFC 5758 section 3.2).
void judge_signature_algorithm(const Certificate& certificate, const PublicKey& issuer, Findings& findings);

// cert.time-encoding: UTCTime until 2049, GeneralizedTime from 2050 (RFC 5280 section 4.1.2.5).
void judge_time_encoding(const Certificate& certificate, Findings& findings);

// cert.criticality and cert.unknown-critical: what must be critical is, what must not be is not, and nothing is that
// readers of RFC 5280 do not know.
void judge_criticality(const Certificate& certificate, Findings& findings);

// cert.ca-extension: what only a CA's certificate may have (RFC 5280 sections 4.2.1.5, 4.2.1.10, 4.2.1.11, 4.2.1.14).
void judge_ca_extensions(const Certificate& certificate, Findings& findings);

// cert.locations: each URI of crlDistributionPoints, freshestCRL, authorityInfoAccess and subjectInfoAccess is one of
// http, https, ldap or ldaps with a host (RFC 5280 sections 4.2.1.13 and 4.2.2.1).
void judge_locations(const Certificate& certificate, Findings& findings);

}  // namespace sealroom
