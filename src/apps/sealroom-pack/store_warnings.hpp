#pragma once

#include "inspection.hpp"

namespace sealroom::pack {

// Everything that is wrong with a store at `at`, or soon will be: inspect.* of docs/findings.md.
Findings warnings_of(const Inspection& inspection, const StoreContents& contents, const Secret& store_password,
                     Instant at);

}  // namespace sealroom::pack
