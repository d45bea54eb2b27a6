#pragma once

#include <string>
#include <vector>

namespace sealroom {

// Finding is one thing noticed about a request or certificate. `id` is stable and documented in docs/findings.md;
// `detail` is printable ASCII and names the field, the value and the remedy.
struct Finding {
  std::string id;
  std::string detail;
};

using Findings = std::vector<Finding>;

}  // namespace sealroom
