#pragma once

#include <string>

#include "sealroom/log/entry.hpp"

namespace sealroom {

// What an entry belongs to in the ledger, told from its event alone: for entries that come back as an export has them.
std::string log_tag(const log::Event& event);

}  // namespace sealroom
