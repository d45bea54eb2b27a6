#pragma once

#include "exported_files.hpp"

namespace sealroom::audit {

// Each verifies one kind of export but for its completeness; what is wrong goes to `complaints`.
void verify_batch(ExportedFiles& files, const Anchors& anchors, Complaints& complaints, Verification& verification);
void verify_log(ExportedFiles& files, const Anchors& anchors, Complaints& complaints, Verification& verification);

}  // namespace sealroom::audit
