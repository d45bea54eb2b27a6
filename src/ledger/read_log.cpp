#include <algorithm>

#include <fmt/format.h>

#include "database.hpp"
#include "replay.hpp"
#include "sealroom/base/text.hpp"

namespace sealroom {
namespace {

// Lines that are read before they are handed on: no statement is open while a visitor works, so a slow one holds no
// snapshot, and the WAL can be copied meanwhile.
constexpr std::uint64_t kAtOnce = 256;

struct StoredLine {
  std::uint64_t seq;
  std::string line;
};

StoredLine stored_line(const sqlite::Rows& row) {
  return {.seq = row.count(0), .line = std::string(as_text(row.octets(1)))};
}

CheckpointRow checkpoint_row(const sqlite::Rows& row) {
  return {.size = row.count(0), .root = row.digest(1), .note = row.text(2)};
}

Result<std::vector<StoredLine>> some_lines(sqlite::Connection& connection, std::uint64_t from, std::uint64_t to,
                                           std::string_view batch) {
  if (batch.empty()) {
    return sqlite::all<StoredLine>(connection, stored_line,
                                   "SELECT seq, line FROM entry WHERE seq >= ?1 AND seq < ?2 ORDER BY seq LIMIT ?3",
                                   from, to, kAtOnce);
  }
  return sqlite::all<StoredLine>(connection, stored_line,
                                 "SELECT seq, line FROM entry WHERE batch = ?4 AND seq >= ?1 AND seq < ?2 "
                                 "ORDER BY seq LIMIT ?3",
                                 from, to, kAtOnce, batch);
}

}  // namespace

namespace ledger {

Result<std::uint64_t> log_size(sqlite::Connection& connection) {
  auto size = connection.number("SELECT coalesce(max(seq) + 1, 0) FROM entry");
  if (!size) return pass_on(size);
  return static_cast<std::uint64_t>(*size);
}

Result<std::string> line(sqlite::Connection& connection, std::uint64_t seq) {
  auto found = sqlite::first<std::string>(
      connection, [](const sqlite::Rows& row) { return std::string(as_text(row.octets(0))); },
      "SELECT line FROM entry WHERE seq = ?1", seq);
  if (!found) return pass_on(found);
  if (!*found) return fail(ErrorKind::Integrity, fmt::format("log entry {}: is missing", seq));
  return std::move(**found);
}

Result<Digest> node(sqlite::Connection& connection, unsigned level, std::uint64_t index) {
  auto found = sqlite::first<Digest>(
      connection, [](const sqlite::Rows& row) { return row.digest(0); },
      "SELECT hash FROM node WHERE level = ?1 AND idx = ?2", level, index);
  if (!found) return pass_on(found);
  if (!*found) return fail(ErrorKind::Integrity, fmt::format("log tree: node {} of level {} is missing", index, level));
  return **found;
}

}  // namespace ledger

Result<std::uint64_t> Ledger::log_size() const { return ledger::log_size(*database_->connection); }

Result<std::uint64_t> Ledger::entries_told() const {
  auto told = database_->connection->number(
      "SELECT coalesce(max(told), 0) FROM (SELECT max(entry) + 1 AS told FROM certificate UNION ALL "
      "SELECT max(entry) + 1 FROM plan UNION ALL SELECT max(entry) + 1 FROM token_key UNION ALL "
      "SELECT max(entry) + 1 FROM issuer UNION ALL SELECT max(size) FROM checkpoint UNION ALL "
      "SELECT max(size) FROM export)");
  if (!told) return pass_on(told);
  return static_cast<std::uint64_t>(*told);
}

Result<std::string> Ledger::line(std::uint64_t seq) const {
  auto size = log_size();
  if (!size) return pass_on(size);
  if (seq >= *size) {
    return fail(ErrorKind::Failed, fmt::format("log entry {}: is not there, the log has {}", seq, *size));
  }
  return ledger::line(*database_->connection, seq);
}

Result<std::optional<std::string>> Ledger::newest_line(std::string_view batch) const {
  const auto text = [](const sqlite::Rows& row) { return std::string(as_text(row.octets(0))); };
  auto& connection = *database_->connection;
  if (batch.empty()) {
    return sqlite::first<std::string>(connection, text, "SELECT line FROM entry ORDER BY seq DESC LIMIT 1");
  }
  return sqlite::first<std::string>(connection, text,
                                    "SELECT line FROM entry WHERE batch = ?1 ORDER BY seq DESC LIMIT 1", batch);
}

Result<Done> Ledger::each_line(std::uint64_t from, std::uint64_t to, std::string_view batch,
                               const std::function<Result<Done>(std::uint64_t, std::string_view)>& visit) const {
  auto size = log_size();
  if (!size) return pass_on(size);
  to = std::min(to, *size);
  while (from < to) {
    auto lines = some_lines(*database_->connection, from, to, batch);
    if (!lines) return pass_on(lines);
    for (const auto& [seq, line] : *lines) {
      auto done = visit(seq, line);
      if (!done) return done;
    }
    if (lines->size() < kAtOnce) break;
    from = lines->back().seq + 1;
  }
  return Done{};
}

log::NodeReader Ledger::nodes() const {
  return [database = database_](unsigned level, std::uint64_t index) {
    return ledger::node(*database->connection, level, index);
  };
}

Result<Digest> Ledger::root(std::uint64_t size) const {
  auto whole = log_size();
  if (!whole) return pass_on(whole);
  if (size > *whole) {
    return fail(ErrorKind::Failed, fmt::format("log: has {} entries, there is no root of {}", *whole, size));
  }
  return log::root_of(size, nodes());
}

Result<std::optional<log::LogKeys>> Ledger::log_keys() const { return ledger::log_keys(*database_->connection); }

Result<std::optional<CheckpointRow>> Ledger::newest_checkpoint() const {
  return sqlite::first<CheckpointRow>(*database_->connection, checkpoint_row,
                                      "SELECT size, root, note FROM checkpoint ORDER BY size DESC LIMIT 1");
}

Result<std::vector<CheckpointRow>> Ledger::checkpoints(std::uint64_t from, std::size_t most) const {
  return sqlite::all<CheckpointRow>(*database_->connection, checkpoint_row,
                                    "SELECT size, root, note FROM checkpoint WHERE size >= ?1 ORDER BY size LIMIT ?2",
                                    from, most);
}

Result<std::optional<CheckpointRow>> Ledger::newest_exported_checkpoint() const {
  return sqlite::first<CheckpointRow>(*database_->connection, checkpoint_row,
                                      "SELECT checkpoint.size, root, note FROM export "
                                      "JOIN checkpoint ON checkpoint.size = export.size "
                                      "ORDER BY export.id DESC LIMIT 1");
}

}  // namespace sealroom
