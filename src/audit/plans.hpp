#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "batch_log.hpp"
#include "sealroom/plan/document.hpp"
#include "sealroom/policy/configuration.hpp"

namespace sealroom::audit {

// One plan of a batch: its document, the line of each request, and the leaf of each certificate in order.
struct Plan {
  PlanDocument document;
  std::vector<Json> requests;
  std::map<std::string, Digest> leaves;  // by serial; of every certificate that was planned
};

// Reads audit/plan/, each document with what it holds the roots of, and compares it with the log.
std::map<std::string, Plan> read_plans(ExportedFiles& files, const BatchLog& log, const std::string& batch,
                                       const std::optional<SignedHead>& head, Complaints& complaints);

// Reads audit/config/; nothing, with a finding, unless it is the configuration that plans and entries name.
std::optional<Configuration> read_exported_configuration(ExportedFiles& files, const BatchLog& log,
                                                         const std::map<std::string, Plan>& plans,
                                                         Complaints& complaints);

}  // namespace sealroom::audit
