#pragma once

#include "sealroom/ledger/ledger.hpp"
#include "sealroom/log/entry.hpp"
#include "sealroom/token/token.hpp"

// Rows are compared with the log entries that speak of them before they are relied on: the log is chained, signed and
// anchored in the tokens, and a row is not.
namespace sealroom {

// The entry `seq`, which must be the event `name`. Error (Integrity) says that `what` was changed.
Result<log::Entry> told_by(const Ledger& ledger, std::uint64_t seq, std::string_view name, std::string_view what);

// Errors (Integrity) when the row is not what its entry says.

// Whether the key was made on its token or adopted; the row is as the entry says.
Result<KeyHistory> history_told(const Ledger& ledger, const KeyRow& row);

Result<Done> agrees_with_log(const Ledger& ledger, const PlanRow& row);
Result<Done> agrees_with_log(const Ledger& ledger, const IssuerRow& row);  // of an active issuer
Result<Done> agrees_with_log(const Ledger& ledger, const CertificateRow& row);

}  // namespace sealroom
