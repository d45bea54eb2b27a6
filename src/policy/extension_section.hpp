#pragma once

#include <string>
#include <string_view>

#include "conf_scanner.hpp"
#include "sealroom/base/error.hpp"
#include "sealroom/crypto/owned.hpp"

namespace sealroom {

// What certificates with the extensions of a section may do. Read from the extensions that OpenSSL makes of the
// section, not from its text.
struct SectionRights {
  bool ca = false;           // basicConstraints CA:TRUE
  bool signs = false;        // keyUsage has keyCertSign
  bool signs_crls = false;   // keyUsage has cRLSign
  bool server_auth = false;  // extendedKeyUsage
  bool client_auth = false;
  bool any_usage = false;             // extendedKeyUsage has anyExtendedKeyUsage
  bool netscape_ca = false;           // nsCertType has one of the bits of CAs
  bool constraints_critical = false;  // basicConstraints
  bool usage_critical = false;        // keyUsage
  bool names_subject_key = true;      // subjectKeyIdentifier is not none: OpenSSL adds it when it is missing
  bool names_issuer_key = true;       // authorityKeyIdentifier is not none
};

// Whether a value in `others` takes `section` for a part of an extension: "@section", "dirName:section", a distribution
// point by its name.
bool is_mentioned(std::string_view section, const ConfSection& others);

// Refuses what any section of extensions or part of one must not have: DER:, ASN1:, copies of names (email:copy,
// email:move, issuer:copy), otherName, and @sections that do not exist. Errors: Usage, with file and line.
Result<Done> check_extension_values(std::string_view file, const ScannedConf& scanned, const ConfSection& section);

// Lets OpenSSL make each extension of `section`, in a context without certificates, and returns what they say.
// Errors (Usage, with file and line): an extension that OpenSSL does not know or cannot make, options that it would
// ignore, a path length that makes no sense, a key identifier that is not computed from the key.
Result<SectionRights> try_extensions(std::string_view file, const ConfSection& section, CONF* conf);

}  // namespace sealroom
