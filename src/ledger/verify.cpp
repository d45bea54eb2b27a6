#include <array>
#include <optional>

#include <fmt/format.h>

#include "database.hpp"
#include "sealroom/base/text.hpp"
#include "sealroom/crypto/crypto.hpp"
#include "sealroom/crypto/public_key.hpp"
#include "sealroom/log/checkpoint.hpp"

namespace sealroom {
namespace {

constexpr const char* kHint = "keep a copy of the home as it is; compare with the newest export, then restore";

std::unexpected<Error> wrong_entry(std::uint64_t seq, std::string_view what) {
  return fail(ErrorKind::Integrity, fmt::format("log entry {}: {}", seq, what), kHint);
}

std::unexpected<Error> wrong_checkpoint(std::uint64_t size, std::string_view what) {
  return fail(ErrorKind::Integrity, fmt::format("checkpoint of size {}: {}", size, what), kHint);
}

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

// Replay builds the log again from its lines alone and compares it with what is stored.
class Replay {
 public:
  Replay(sqlite::Connection& connection, std::optional<PublicKey> log_key)
      : connection_(connection), log_key_(std::move(log_key)) {}

  Result<Done> add(std::uint64_t seq, std::string_view line);
  Result<Done> compare_checkpoint(const CheckpointRow& stored) const;
  Result<Done> compare_node_count() const;
  std::uint64_t size() const { return size_; }

 private:
  // The newest complete node of each level. The nodes that RFC 6962 asks for at the right edge are always these.
  log::NodeReader edge() const {
    return [this](unsigned level, std::uint64_t) { return Result<Digest>(edge_[level]); };
  }

  sqlite::Connection& connection_;
  std::optional<PublicKey> log_key_;
  std::array<Digest, 64> edge_{};
  std::uint64_t size_ = 0;
  Digest previous_{};
};

Result<Done> Replay::add(std::uint64_t seq, std::string_view line) {
  if (seq != size_) return wrong_entry(size_, "is missing");
  const auto entry = log::parse_line(line);
  if (!entry) return wrong_entry(seq, entry.error().message);
  if (entry->seq != seq) return wrong_entry(seq, fmt::format("says that it is entry {}", entry->seq));
  if (entry->previous != previous_) return wrong_entry(seq, "does not continue the entry before it");
  auto nodes = log::appended_nodes(size_, log::leaf_hash(as_bytes(line)), edge());
  if (!nodes) return pass_on(nodes);
  for (const auto& node : *nodes) {
    const auto stored = ledger::node(connection_, node.level, node.index);
    if (!stored) return wrong_entry(seq, stored.error().message);
    if (*stored != node.hash) {
      return wrong_entry(seq, fmt::format("its octets do not give the stored hash of level {}", node.level));
    }
    edge_[node.level] = node.hash;
  }
  previous_ = sha256(as_bytes(line));
  ++size_;
  return Done{};
}

Result<Done> Replay::compare_checkpoint(const CheckpointRow& stored) const {
  auto root = log::root_of(size_, edge());
  if (!root) return pass_on(root);
  if (*root != stored.root) return wrong_checkpoint(stored.size, "its root is not that of the log's entries");
  if (!log_key_) return Done{};
  const auto signed_one = log::verify_note(stored.note, *log_key_);
  if (!signed_one) return wrong_checkpoint(stored.size, signed_one.error().message);
  if (signed_one->size != stored.size || signed_one->root != stored.root) {
    return wrong_checkpoint(stored.size, "its signed note is of another size or root");
  }
  return Done{};
}

Result<Done> Replay::compare_node_count() const {
  std::int64_t expected = 0;
  for (auto nodes = size_; nodes > 0; nodes >>= 1) expected += static_cast<std::int64_t>(nodes);
  auto count = connection_.number("SELECT count(*) FROM node");
  if (!count) return pass_on(count);
  if (*count != expected) return wrong_entry(size_, "is missing, but hashes of it are stored");
  return Done{};
}

Result<std::vector<CheckpointRow>> checkpoints(sqlite::Connection& connection) {
  const auto decode = [](const sqlite::Rows& row) {
    return CheckpointRow{.size = row.count(0), .root = row.digest(1), .note = row.text(2)};
  };
  return sqlite::all<CheckpointRow>(connection, decode, "SELECT size, root, note FROM checkpoint ORDER BY size");
}

// Streams every line through `replay`, with each checkpoint at its size.
Result<Done> replay_lines(sqlite::Connection& connection, Replay& replay) {
  auto stored = checkpoints(connection);
  if (!stored) return pass_on(stored);
  auto next = stored->begin();
  const auto compare_here = [&]() -> Result<Done> {
    if (next == stored->end() || next->size != replay.size()) return Done{};
    return replay.compare_checkpoint(*next++);
  };
  auto compared = compare_here();
  if (!compared) return compared;
  auto rows = connection.query("SELECT seq, line FROM entry ORDER BY seq");
  if (!rows) return pass_on(rows);
  for (;;) {
    auto found = rows->next();
    if (!found) return pass_on(found, fmt::format("log entry {}", replay.size()));
    if (!*found) break;
    const auto seq = rows->count(0);
    const auto line = rows->octets(1);
    if (!rows->check()) return wrong_entry(replay.size(), "is not stored as octets");
    auto done = replay.add(seq, as_text(line));
    if (done) done = compare_here();
    if (!done) return done;
  }
  if (next == stored->end()) return Done{};
  return wrong_entry(replay.size(),
                     fmt::format("is missing: a checkpoint says that the log has {} entries", next->size));
}

// Pages and indexes that are damaged where no entry lies; the queries for serials depend on them.
Result<Done> check_structure(sqlite::Connection& connection, const std::string& path) {
  auto answer = sqlite::first<std::string>(
      connection, [](const sqlite::Rows& row) { return row.text(0); }, "PRAGMA integrity_check(1)");
  if (!answer) return pass_on(answer);
  if (*answer == "ok") return Done{};
  return fail(ErrorKind::Integrity,
              fmt::format("{}: the database is damaged: {}", printable(path), printable(answer->value_or(""))), kHint);
}

}  // namespace

Result<std::uint64_t> Ledger::verify() const {
  auto& connection = *database_->connection;
  auto snapshot = Snapshot::of(connection);
  if (!snapshot) return pass_on(snapshot);
  auto log_key = key("log");
  if (!log_key) return pass_on(log_key);
  std::optional<PublicKey> public_key;
  if (*log_key) {
    auto parsed = PublicKey::parse((*log_key)->public_key);
    if (!parsed) return fail(ErrorKind::Integrity, parsed.error().message, kHint);
    public_key = std::move(*parsed);
  }
  Replay replay(connection, std::move(public_key));
  auto good = replay_lines(connection, replay);
  if (good) good = replay.compare_node_count();
  if (good) good = check_structure(connection, database_->path);
  if (!good) return pass_on(good);
  return replay.size();
}

}  // namespace sealroom
