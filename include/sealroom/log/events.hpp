#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "sealroom/log/entry.hpp"

namespace sealroom::log {

// What is wrong with `event` as docs/audit-log.md (Events) describes it: an unknown name, or a member of its details
// that is missing. Nothing when it is as described; further members are no fault.
std::optional<std::string> fault_of(const Event& event);

}  // namespace sealroom::log
