#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "sealroom/issuance/issue.hpp"

namespace sealroom {

// A certificate that is planned and not signed.
struct PlannedRow {
  std::int64_t id = 0;
  std::string issuer;
  Bytes serial;
};

// The requests of a batch that were accepted and have no certificate, as an intake that asks for the same again, and
// the planned certificates among them.
struct Leftover {
  Intake intake;  // its files are read from the ledger; without each_file when there are none
  std::vector<PlannedRow> planned;
};

// Of the whole batch, or of `positions` alone when there are any. The ledger outlives it.
Result<Leftover> leftover_of(const Ledger& ledger, std::string_view batch,
                             const std::set<std::uint64_t>& positions = {});

}  // namespace sealroom
