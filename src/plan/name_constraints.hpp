#pragma once

#include <string>
#include <vector>

#include "sealroom/crypto/owned.hpp"
#include "sealroom/policy/configuration.hpp"
#include "sealroom/x509/certificate.hpp"

namespace sealroom {

using OwnedNameConstraints = Owned<NAME_CONSTRAINTS, NAME_CONSTRAINTS_free>;

// The nameConstraints of a CA's certificate (RFC 5280 section 4.2.1.10).
struct ReadConstraints {
  OwnedNameConstraints constraints;    // null when there are none, or they cannot be used
  std::optional<std::string> trouble;  // why they cannot be used: not their DER, a form of name nobody here checks
};
ReadConstraints constraints_of(const Certificate& certificate);

// The same form for what an issuer's settings permit.
OwnedNameConstraints constraints_of(const PermittedNames& permitted);

// Whose constraints they are.
enum class Bounds {
  Settings,  // the issuer's settings: nobody but Sealroom judges by them
  Chain,     // a CA's certificate: clients judge by them, too, so what OpenSSL refuses is refused, whatever the reason
};

// One name of a certificate that `constraints` do not allow, and why: "DNS:a.example: permitted subtree violation".
// Checked are the subject, each general name in `alternative_names` (contents of subjectAltName, may be empty), and
// each commonName that clients of old take for a host: an address as IP, a wildcard and a host name of several labels as
// DNS. One label alone is no host name there, for OpenSSL neither. Of a URI its host is judged, as uri_host() finds it.
std::vector<std::string> violations(NAME_CONSTRAINTS* constraints, Bounds bounds, ByteView subject,
                                    ByteView alternative_names);

}  // namespace sealroom
