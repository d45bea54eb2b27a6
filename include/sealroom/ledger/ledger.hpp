#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "sealroom/base/error.hpp"
#include "sealroom/ledger/rows.hpp"
#include "sealroom/log/entry.hpp"
#include "sealroom/log/key_change.hpp"
#include "sealroom/log/merkle.hpp"

namespace sealroom {

class Ledger;

// Receipt proves that a change is on stable storage. Ledger changes are its only maker.
class Receipt {
 public:
  std::uint64_t log_size() const { return log_size_; }  // entries in the log after the change

 private:
  friend class Change;
  explicit Receipt(std::uint64_t log_size) : log_size_(log_size) {}
  std::uint64_t log_size_;
};

// Change is one transaction: log entries and the rows that they speak of become durable together or not at all.
// Destroying it without commit() takes everything back. At most one at a time.
//
// A batch, its requests, plans and certificates are one change, in any order. After an error of any step the change
// is lost: later steps and commit() fail too.
class Change {
 public:
  Change(Change&&) noexcept;
  Change& operator=(Change&&) noexcept;
  ~Change();

  // When it began: the time of all its entries.
  Instant time() const;

  // Appends an entry and its Merkle nodes; `batch` (may be empty) is what it belongs to for exports. Gives its seq.
  Result<std::uint64_t> append(const log::Event& event, std::string_view batch = {});

  // Appends an entry that this log had before and lost, as the exact octets that it had. Integrity unless it is the next
  // one. Gives its seq.
  Result<std::uint64_t> append_again(std::string_view line, std::string_view batch);

  Result<Done> put_key(const KeyRow& row);        // replaces the owner's key only when it has none; else Integrity
  Result<Done> change_key(const KeyRow& row);     // in place of the key that the owner has; Integrity when it has none
  Result<Done> move_key(const KeyRow& row);       // the owner's key, the same public key, is elsewhere; else Integrity
  Result<Done> put_issuer(const IssuerRow& row);  // inserts or replaces
  Result<Done> add_batch(const BatchRow& row);
  Result<Done> add_request(const RequestRow& row);
  Result<Done> add_plan(const PlanRow& row);  // one for each batch and issuer, for ever
  // Belongs to the plan of its batch and issuer, which this change adds. Integrity when issuer and serial are known.
  Result<std::int64_t> add_certificate(const CertificateRow& row);
  // From planned, approved or started to any state but issued; every other state is final (Integrity).
  Result<Done> set_state(std::int64_t certificate, CertificateState state, std::uint64_t entry,
                         std::string_view reason = {});
  Result<Done> set_issued(std::int64_t certificate, ByteView der, std::uint64_t entry);  // from started only
  // A certificate that is known to be issued, whatever the ledger thought of it: it came back from an export.
  Result<Done> set_found(std::int64_t certificate, ByteView der, std::uint64_t entry);
  // A certificate that is known to be issued and that nobody has, whatever the ledger thought of it: abandoned. Integrity
  // when the ledger has it.
  Result<Done> set_lost(std::int64_t certificate, std::uint64_t entry, std::string_view reason);
  Result<Done> add_checkpoint(const CheckpointRow& row);  // Integrity unless root is this log's root at that size
  Result<Done> add_export(const ExportRow& row);

  // Makes it all durable (WAL, synchronous FULL). After an error nothing of it is there. When the disk was the reason
  // the ledger says Integrity from then on: after a failed fsync nobody knows what is on the disk.
  Result<Receipt> commit() &&;

 private:
  friend class Ledger;
  struct State;
  explicit Change(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// What the entry of a restore belongs to.
inline constexpr std::string_view kRestoredTag = "restored";

enum class LedgerAccess { ReadWrite, ReadOnly };

// Ledger is the one SQLite database of a home (WAL, synchronous FULL, user_version, application_id). It stores octets
// and gives receipts; it knows nothing of certificates. One thread per object; a ReadOnly object beside the
// ReadWrite one sees every committed change. Errors of reading are Integrity.
class Ledger {
 public:
  // Makes a new database file at `path` (0600); fails when one is there.
  static Result<Done> create(const std::string& path);

  // Looks at an existing one before it is opened, and changes nothing in it: whether it is there, is ours, has a schema
  // that is known, and whether every entry since the newest checkpoint, that checkpoint's signature and the tree below
  // it are right. Takes time for those entries, not for the whole log. Errors (Integrity).
  static Result<Done> examine(const std::string& path);

  // Copies all of it as it is now into a new database file at `path` (0600), and verifies that copy as verify() does. The
  // copy is durable. Errors: Failed when the file cannot be made, Integrity; then no file is left.
  Result<Done> copy_to(const std::string& path) const;

  // Opens an existing one. Errors (Integrity): missing, not ours, newer schema, corrupted, not writable.
  static Result<Ledger> open(const std::string& path, LedgerAccess access);

  // Opens a ledger that examine() found wrong, for reading what is readable; begin() gives `trouble`. Error (Integrity)
  // when there is no file to open.
  static Result<Ledger> open_in_trouble(const std::string& path, const Error& trouble);

  Ledger(Ledger&&) noexcept;
  Ledger& operator=(Ledger&&) noexcept;
  ~Ledger();

  Result<Change> begin(const log::Context& context);

  // Whether a write failed: nobody knows what is on the disk, and begin() gives nothing but Integrity.
  bool broken() const;

  Result<std::uint64_t> log_size() const;
  // How many log entries the rows speak of: one more than the largest seq in any of them. Reads every certificate.
  Result<std::uint64_t> entries_told() const;
  Result<std::string> line(std::uint64_t seq) const;
  // The newest line, of one batch when `batch` is not empty; nothing while there is none.
  Result<std::optional<std::string>> newest_line(std::string_view batch = {}) const;
  // Lines with from <= seq < to, in order; of one batch when `batch` is not empty. Stops when `visit` says so.
  Result<Done> each_line(std::uint64_t from, std::uint64_t to, std::string_view batch,
                         const std::function<Result<Done>(std::uint64_t seq, std::string_view line)>& visit) const;
  log::NodeReader nodes() const;  // valid as long as this object
  Result<Digest> root(std::uint64_t size) const;
  // The keys of the log, as its entries tell of them; nothing before one is made.
  Result<std::optional<log::LogKeys>> log_keys() const;
  Result<std::optional<CheckpointRow>> newest_checkpoint() const;
  // The first `most` checkpoints of `from` entries or more, in order of size.
  Result<std::vector<CheckpointRow>> checkpoints(std::uint64_t from, std::size_t most) const;
  // The checkpoint of the newest export before now; nothing when there was none.
  Result<std::optional<CheckpointRow>> newest_exported_checkpoint() const;

  Result<std::optional<KeyRow>> key(std::string_view owner) const;
  Result<std::vector<KeyRow>> keys() const;
  Result<std::optional<IssuerRow>> issuer(std::string_view name) const;
  Result<std::vector<IssuerRow>> issuers() const;

  // "B-20261121-0001": the next identifier for `day`, never given before and not in `taken`. On a day on which the ledger
  // was restored (kRestoredTag) it is above 5000, when that happened twice above 10000: what was given on that day and lost
  // is not given again.
  Result<std::string> next_batch_id(Instant day, const std::set<std::string>& taken = {}) const;
  Result<std::optional<BatchRow>> batch(std::string_view id) const;
  Result<std::vector<BatchRow>> batches() const;  // newest first
  Result<Done> each_request(std::string_view batch, const std::function<Result<Done>(const RequestRow&)>& visit) const;
  Result<std::optional<RequestRow>> request(std::string_view batch, std::uint64_t position) const;
  Result<std::vector<PlanRow>> plans(std::string_view batch) const;
  Result<std::optional<PlanRow>> plan(std::string_view batch, std::string_view issuer) const;

  // Certificates of the newest plan in order of position, in whatever state.
  Result<std::vector<CertificateRow>> certificates(std::string_view batch, std::string_view issuer) const;
  // The newest certificate row for request `position` of a batch.
  Result<std::optional<CertificateRow>> certificate_of_request(std::string_view batch, std::uint64_t position) const;
  // Issued certificates with ids above `after_id`, in order of id; of every issuer when `issuer` is empty.
  Result<std::vector<CertificateRow>> issued(std::string_view issuer, std::int64_t after_id, std::size_t most) const;
  Result<std::optional<CertificateRow>> by_serial(std::string_view issuer, ByteView serial) const;  // issuer may be ""
  // All for one request, but the one with the id `but`.
  Result<std::vector<CertificateRow>> by_request(const Digest& request, std::optional<std::int64_t> but = {}) const;
  // For each subject (its octets) that `key` was planned for, one certificate that `counts`: the newest with an id below
  // `before`, else the oldest with one above; none where none does. A key that is renewed again and again takes no longer.
  Result<std::vector<CertificateRow>> by_key(const Digest& key, std::int64_t before,
                                             const std::function<bool(const CertificateRow&)>& counts) const;
  Result<std::vector<CertificateRow>> by_subject(std::string_view issuer, ByteView subject) const;
  Result<std::vector<CertificateRow>> started() const;  // never more than two groups
  // Batches with planned certificates, and how many.
  Result<std::vector<std::pair<std::string, std::uint64_t>>> planned() const;

  // Lets `look` see one state of the ledger, whatever is committed meanwhile; not within a change of this object. The
  // write-ahead log grows until it ends. Gives what `look` gives.
  Result<Done> at_one_moment(const std::function<Result<Done>()>& look) const;

  // From now on reading fails, as Failed, soon after `stop` says true, however long it would have taken.
  void stop_when(std::function<bool()> stop);

  // What examine() looks at, as this object sees it: with what a change has done so far. Errors (Integrity).
  Result<Done> check_tail() const;

  // Recomputes hashes, links, tree and checkpoints from the lines alone, and compares with what is stored.
  // Errors (Integrity) name the first entry that is wrong. Gives the log's size.
  Result<std::uint64_t> verify() const;

 private:
  friend class Change;
  struct Database;
  explicit Ledger(std::shared_ptr<Database> database);
  std::shared_ptr<Database> database_;
};

}  // namespace sealroom
