#pragma once

#include "sealroom/audit/files.hpp"
#include "sealroom/base/json.hpp"

namespace sealroom {

// Every plan in `files`, which are those of an export (below audit/plan/) or of a folder with the same files:
// {"format": "sealroom-plans/1", "plans": [{"digest", "document", "requests": [...], "certificates_match",
// "requests_match"}]}. The digest is the one that was approved; the two others say whether the plan's roots are those of
// the lines beside it (null where there are none). Not a word about who made it: that is for verify_export.
// Errors: Failed when there is no plan, or one is no plan document.
Result<Json> show_plans(const Files& files);

}  // namespace sealroom
