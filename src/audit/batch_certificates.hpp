#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "batch_report.hpp"

namespace sealroom::audit {

// Everything that an exported certificate is compared with.
struct CertificateContext {
  const BatchLog& log;
  const std::map<std::string, Plan>& plans;
  const std::optional<SignedHead>& head;
  const Configuration* configuration;                // null when it could not be read
  const std::map<Digest, Certificate>& authorities;  // of ca/ca-chain.cert.pem
  const Anchors& anchors;
};

// The certificates in a PEM file, which must hold nothing else and not more than 64; none, with a finding, otherwise.
std::vector<Certificate> read_pem_certificates(ExportedFiles& files, const std::string& path, std::string_view id,
                                               Complaints& complaints);

// Checks the files of one certificate, the certificate itself, and the proof of its entry.
void check_issued(ExportedFiles& files, const ReportedCertificate& reported, const CertificateContext& context,
                  Complaints& complaints);

// Reads ca/: the certificates of active issuers and their chains, by digest; checks each link, and the roots against
// the anchors.
std::map<Digest, Certificate> read_authorities(ExportedFiles& files, const Anchors& anchors, Complaints& complaints,
                                               Verification& verification);

}  // namespace sealroom::audit
