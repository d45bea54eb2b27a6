#pragma once

#include <algorithm>
#include <iterator>
#include <string_view>

namespace sealroom::audit {

// A step of a certificate: the event, the state that it needs, and the one that it leads to (docs/audit-log.md, Events).
// Before the first one the state is "".
struct Step {
  std::string_view event;
  std::string_view from;
  std::string_view to;
};

inline constexpr Step kSteps[] = {
    {"certificate.planned", "", "planned"},        {"certificate.started", "planned", "started"},
    {"certificate.issued", "started", "issued"},   {"certificate.abandoned", "started", "abandoned"},
    {"certificate.untried", "started", "planned"}, {"certificate.refused", "planned", "refused"},
    {"certificate.expired", "planned", "expired"},
};

// Lives as long as the program; null when `event` is no step.
inline const Step* step_of(std::string_view event) {
  const auto* step = std::ranges::find(kSteps, event, &Step::event);
  return step == std::end(kSteps) ? nullptr : step;
}

}  // namespace sealroom::audit
