#pragma once

#include <span>
#include <string>
#include <unordered_map>

#include "sealroom/ledger/ledger.hpp"
#include "sealroom/log/entry.hpp"
#include "sealroom/token/token.hpp"

// Rows are compared with the log entries that speak of them before they are relied on: the log is chained, signed and
// anchored in the tokens, and a row is not.
namespace sealroom {

// The entry in a line that was read from the ledger, or could not be. Error (Integrity) says that `what` was changed.
Result<log::Entry> entry_in(Result<std::string> line, std::string_view what);

// The entry `seq`, which must be the event `name`. Error (Integrity) says that `what` was changed.
Result<log::Entry> told_by(const Ledger& ledger, std::uint64_t seq, std::string_view name, std::string_view what);

// Errors (Integrity) when the row is not what its entry says.

// Whether the key was made on its token or adopted; the row is as the entry says.
Result<KeyHistory> history_told(const Ledger& ledger, const KeyRow& row);

Result<Done> agrees_with_log(const Ledger& ledger, const PlanRow& row);
Result<Done> agrees_with_log(const Ledger& ledger, const IssuerRow& row);  // of an active issuer
// The row is as its own entry says; an older state that was put back may be, too (BatchTold).
Result<Done> agrees_with_log(const Ledger& ledger, const CertificateRow& row);

// BatchTold is what the log tells of the certificates of one batch: so that a row which was set back to an earlier state,
// with the entry that belonged to it, is noticed.
class BatchTold {
 public:
  // Reads every entry of the batch, on up to `threads` threads. Errors: Integrity, also unless agrees() holds for each of
  // `rows`.
  static Result<BatchTold> read(const Ledger& ledger, std::string_view batch, std::span<const CertificateRow> rows = {},
                                std::size_t threads = 1);

  // Error (Integrity) unless `row` is as the newest entry about it says.
  Result<Done> agrees(const Ledger& ledger, const CertificateRow& row) const;

  // Whether it was planned although the same was issued before, because somebody asked for it with a reason.
  bool is_reissue(const CertificateRow& row) const;

 private:
  Result<Done> is_newest(const CertificateRow& row) const;
  struct Certificate {
    std::uint64_t newest = 0;  // entry
    bool reissue = false;
  };
  std::unordered_map<std::string, Certificate> certificates_;  // by issuer and serial
};

}  // namespace sealroom
