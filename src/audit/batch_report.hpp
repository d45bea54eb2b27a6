#pragma once

#include <map>
#include <string>
#include <vector>

#include "plans.hpp"

namespace sealroom::audit {

// A certificate that the report says was issued.
struct ReportedCertificate {
  std::string issuer;
  std::string profile;
  std::string name;    // of its files
  std::string serial;  // upper-case hexadecimal
  Json verdict;        // its member of the report's "requests"
};

// Compares report.json with log and plans, and gives the certificates that it says were issued.
std::vector<ReportedCertificate> read_report(ExportedFiles& files, const BatchLog& log,
                                             const std::map<std::string, Plan>& plans, const std::string& batch,
                                             Complaints& complaints, Verification& verification);

}  // namespace sealroom::audit
