#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "sealroom/issuance/appliance.hpp"

// What comes back into a ledger that is an older copy: entries of its own log, and certificates, from exports.
namespace sealroom {

// An export that was verified under this log's key (sealroom/audit/verify.hpp).
struct VerifiedExport {
  std::vector<std::string> paths;
  std::function<Result<std::string>(const std::string& path)> read;  // the octets of one of them
  // The lines of one of them, without their line feeds.
  std::function<Result<Done>(const std::string& path, const std::function<Result<Done>(std::string_view line)>& visit)>
      each_line;
};

// What came back of a batch.
struct ReturnedBatch {
  std::string batch;
  std::uint64_t certificates = 0;  // that the ledger did not have
  bool in_log = false;             // its entries are in this log; else the ledger speaks of them in entries of its own
};

// Why a certificate is abandoned that exists, although nobody has brought it: its request is not signed again.
inline constexpr std::string_view kOnlyLogKnows = "only the log knows that it was issued";

// A certificate that the log speaks of and nobody has brought.
struct MissingCertificate {
  std::string batch;
  std::string issuer;
  std::string serial;
  std::string state;  // "issued", or "started" where its outcome is unknown
};

// Return is one change: what comes back is durable together, or nothing of it. First logs, then restored(), then batches.
class Return {
 public:
  // `vouched`: SHA-256, in hexadecimal digits, of log keys that this log does not have, and that a person gave so that
  // exports verify under them; the log keeps them for ever. Errors: Integrity, also when the clock stands before the newest
  // entry.
  static Result<Return> begin(const Work& work, std::vector<std::string> vouched);

  // Appends the entries that the ledger does not have, as the very octets that they had, with their checkpoints, and what
  // they say of keys, issuers and batches. Errors: Integrity when the ledger's log is not the beginning of that one.
  Result<std::uint64_t> take_log(const VerifiedExport& log);

  // Records ledger.restored, `made` being the newest entry of the copy, which says of which backup it is; what is planned
  // still expires. Gives the backup's name. Errors: Integrity when it does not say so, or when ledger and configuration are
  // not of one appliance.
  Result<std::string> restored(const log::Entry& made);

  // Adds the certificates of a batch. Errors: Integrity when the ledger has another batch of that name.
  Result<ReturnedBatch> take_batch(const VerifiedExport& batch);

  // What the log knows since `from` and the ledger has not; recorded (restore.incomplete) when there is anything. What it has
  // in another state, and the log as issued or as having come back before, is abandoned (kOnlyLogKnows).
  struct Missing {
    std::vector<MissingCertificate> certificates;
    std::vector<std::string> keys;  // owners
  };
  Result<Missing> note_missing(std::uint64_t from);

  Result<Receipt> commit() &&;

 private:
  Return(const Work& work, std::vector<std::string> vouched, Change change)
      : work_(&work), vouched_(std::move(vouched)), change_(std::move(change)) {}

  Result<Done> follow(const log::Entry& entry);
  Result<Done> follow_certificate(const log::Entry& entry);
  Result<Done> take_checkpoints(const std::string& notes, std::uint64_t from);
  Result<Done> expire_planned();
  Result<std::uint64_t> record_missing(const Missing& missing);
  Result<Done> add_batches();
  Result<Done> add_exports();
  Result<Done> add_issuers(const VerifiedExport& log);
  Result<Done> add_keys(const VerifiedExport& log);

  const Work* work_;
  std::vector<std::string> vouched_;
  Change change_;
  std::vector<log::Entry> imported_, exported_;  // batch.imported, batch.exported
  std::map<std::string, log::Entry, std::less<>> keys_,
      issuers_;                          // newest key.generated or key.adopted, issuer.activated
  std::set<std::uint64_t> checkpoints_;  // sizes that came back
};

}  // namespace sealroom
