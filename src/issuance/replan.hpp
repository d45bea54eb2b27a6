#pragma once

#include <set>

#include "sealroom/issuance/issue.hpp"

namespace sealroom {

// The requests of a batch that were accepted and have no certificate, as an intake that asks for the same again, and
// the planned certificates among them.
struct Leftover {
  Intake intake;
  std::vector<CertificateRow> planned;
};

// Of the whole batch, or of `positions` alone when there are any.
Result<Leftover> leftover_of(const Ledger& ledger, std::string_view batch,
                             const std::set<std::uint64_t>& positions = {});

}  // namespace sealroom
