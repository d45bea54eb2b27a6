#include <optional>

#include <fmt/format.h>

#include "replay.hpp"
#include "sealroom/base/text.hpp"

namespace sealroom {
namespace {

// Snapshot keeps what a reader sees the same while the writer goes on, unless it is part of a change already.
class Snapshot {
 public:
  static Result<Snapshot> of(sqlite::Connection& connection) {
    if (connection.in_transaction()) return Snapshot(nullptr);
    auto begun = connection.run("BEGIN");
    if (!begun) return pass_on(begun);
    return Snapshot(&connection);
  }
  Snapshot(Snapshot&& other) noexcept : connection_(std::exchange(other.connection_, nullptr)) {}
  Snapshot& operator=(Snapshot&&) = delete;
  // Ending a transaction that only read changes nothing, so its failure says nothing.
  ~Snapshot() {
    if (connection_ != nullptr) static_cast<void>(connection_->run("ROLLBACK").has_value());
  }

 private:
  explicit Snapshot(sqlite::Connection* connection) : connection_(connection) {}
  sqlite::Connection* connection_;
};

// Nothing is stored of entries that are not there.
Result<Done> compare_node_count(sqlite::Connection& connection, std::uint64_t size) {
  std::int64_t expected = 0;
  for (auto nodes = size; nodes > 0; nodes >>= 1) expected += static_cast<std::int64_t>(nodes);
  auto count = connection.number("SELECT count(*) FROM node");
  if (!count) return pass_on(count);
  if (*count != expected) return ledger::wrong_entry(size, "is missing, but hashes of it are stored");
  return Done{};
}

// Pages and indexes that are damaged where no entry lies; the queries for serials depend on them.
Result<Done> check_structure(sqlite::Connection& connection, const std::string& path) {
  auto answer = sqlite::first<std::string>(
      connection, [](const sqlite::Rows& row) { return row.text(0); }, "PRAGMA integrity_check(1)");
  if (!answer) return pass_on(answer);
  if (*answer == "ok") return Done{};
  return fail(ErrorKind::Integrity,
              fmt::format("{}: the database is damaged: {}", printable(path), printable(answer->value_or(""))),
              ledger::kDamagedHint);
}

}  // namespace

void Ledger::stop_when(std::function<bool()> stop) { database_->connection->stop_when(std::move(stop)); }

Result<Done> Ledger::check_tail() const { return ledger::check_tail(*database_->connection); }

Result<std::uint64_t> Ledger::verify() const {
  auto& connection = *database_->connection;
  auto snapshot = Snapshot::of(connection);
  if (!snapshot) return pass_on(snapshot);
  auto keys = ledger::log_keys(connection);
  if (!keys) return pass_on(keys);
  ledger::Replay replay(connection);
  auto good = ledger::replay_rest(connection, replay, *keys);
  if (good) good = compare_node_count(connection, replay.size());
  if (good) good = check_structure(connection, database_->path);
  if (!good) return pass_on(good);
  return replay.size();
}

}  // namespace sealroom
