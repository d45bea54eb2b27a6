#include "replay.hpp"

#include <fmt/format.h>

#include "sealroom/crypto/crypto.hpp"

namespace sealroom::ledger {
namespace {

std::unexpected<Error> wrong_checkpoint(std::uint64_t size, std::string_view what) {
  return fail(ErrorKind::Integrity, fmt::format("checkpoint of size {}: {}", size, what), kDamagedHint);
}

Result<std::vector<CheckpointRow>> checkpoints_from(sqlite::Connection& connection, std::uint64_t size) {
  const auto decode = [](const sqlite::Rows& row) {
    return CheckpointRow{.size = row.count(0), .root = row.digest(1), .note = row.text(2)};
  };
  return sqlite::all<CheckpointRow>(connection, decode,
                                    "SELECT size, root, note FROM checkpoint WHERE size >= ?1 ORDER BY size", size);
}

Result<std::vector<log::KeyChange>> key_changes(sqlite::Connection& connection) {
  auto lines = sqlite::all<std::string>(
      connection, [](const sqlite::Rows& row) { return std::string(as_text(row.octets(0))); },
      "SELECT line FROM entry WHERE batch = ?1 ORDER BY seq", log::kLogKeyTag);
  if (!lines) return pass_on(lines);
  std::vector<log::KeyChange> changes;
  for (const auto& line : *lines) {
    auto entry = log::parse_line(line);
    auto change = entry ? log::key_change_in(*entry) : Result<std::optional<log::KeyChange>>(pass_on(entry));
    if (!change) return fail(ErrorKind::Integrity, change.error().message, kDamagedHint);
    if (*change) changes.push_back(std::move(**change));
  }
  return changes;
}

}  // namespace

std::unexpected<Error> wrong_entry(std::uint64_t seq, std::string_view what) {
  return fail(ErrorKind::Integrity, fmt::format("log entry {}: {}", seq, what), kDamagedHint);
}

Result<Replay> Replay::from(sqlite::Connection& connection, std::uint64_t size) {
  Replay replay(connection);
  replay.size_ = size;
  if (size == 0) return replay;
  auto newest = line(connection, size - 1);
  if (!newest) return pass_on(newest);
  replay.previous_ = sha256(as_bytes(*newest));
  for (unsigned level = 0; size >> level > 0; ++level) {
    auto stored = node(connection, level, (size >> level) - 1);
    if (!stored) return pass_on(stored);
    replay.edge_[level] = *stored;
  }
  return replay;
}

Result<Done> Replay::add(std::uint64_t seq, std::string_view line) {
  if (seq != size_) return wrong_entry(size_, "is missing");
  const auto entry = log::parse_line(line);
  if (!entry) return wrong_entry(seq, entry.error().message);
  if (entry->seq != seq) return wrong_entry(seq, fmt::format("says that it is entry {}", entry->seq));
  if (entry->previous != previous_) return wrong_entry(seq, "does not continue the entry before it");
  const auto change = log::key_change_in(*entry);
  if (!change) return fail(ErrorKind::Integrity, change.error().message, kDamagedHint);
  if (*change) {
    auto root = log::root_of(size_, edge());
    if (!root) return pass_on(root);
    if (*root != (*change)->root) return wrong_entry(seq, "its keys were changed over another log");
  }
  auto nodes = log::appended_nodes(size_, log::leaf_hash(as_bytes(line)), edge());
  if (!nodes) return pass_on(nodes);
  for (const auto& node : *nodes) {
    auto stored = ledger::node(connection_, node.level, node.index);
    if (!stored && stored.error().kind != ErrorKind::Integrity) return pass_on(stored);
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

Result<Done> Replay::compare(const CheckpointRow& stored, const std::optional<log::LogKeys>& keys) const {
  auto root = log::root_of(size_, edge());
  if (!root) return pass_on(root);
  if (*root != stored.root) return wrong_checkpoint(stored.size, "its root is not that of the log's entries");
  if (!keys) return Done{};
  const auto signed_one = log::verify_note(stored.note, *keys);
  if (!signed_one) return wrong_checkpoint(stored.size, signed_one.error().message);
  if (signed_one->size != stored.size || signed_one->root != stored.root) {
    return wrong_checkpoint(stored.size, "its signed note is of another size or root");
  }
  return Done{};
}

Result<Done> replay_rest(sqlite::Connection& connection, Replay& replay, const std::optional<log::LogKeys>& keys) {
  auto stored = checkpoints_from(connection, replay.size());
  if (!stored) return pass_on(stored);
  auto next = stored->begin();
  const auto compare_here = [&]() -> Result<Done> {
    if (next == stored->end() || next->size != replay.size()) return Done{};
    return replay.compare(*next++, keys);
  };
  auto compared = compare_here();
  if (!compared) return compared;
  auto rows = connection.query("SELECT seq, line FROM entry WHERE seq >= ?1 ORDER BY seq", replay.size());
  if (!rows) return pass_on(rows);
  for (;;) {
    auto found = rows->next();
    if (!found) return pass_on(found, fmt::format("log entry {}", replay.size()));
    if (!*found) break;
    const auto seq = rows->count(0);
    const auto octets = rows->octets(1);
    if (!rows->check()) return wrong_entry(replay.size(), "is not stored as octets");
    auto done = replay.add(seq, as_text(octets));
    if (done) done = compare_here();
    if (!done) return done;
  }
  if (next == stored->end()) return Done{};
  return wrong_entry(replay.size(),
                     fmt::format("is missing: a checkpoint says that the log has {} entries", next->size));
}

Result<std::optional<log::LogKeys>> log_keys(sqlite::Connection& connection) {
  auto stored = sqlite::first<Bytes>(
      connection, [](const sqlite::Rows& row) { return row.octets(0); },
      "SELECT public_key FROM token_key WHERE owner = 'log'");
  if (!stored) return pass_on(stored);
  if (!*stored) return std::nullopt;
  auto newest = PublicKey::parse(**stored);
  if (!newest) return fail(ErrorKind::Integrity, newest.error().message, kDamagedHint);
  auto changes = key_changes(connection);
  if (!changes) return pass_on(changes);
  log::LogKeys keys(changes->empty() ? *newest : changes->front().old_key);
  for (auto& change : *changes) {
    auto added = keys.add(std::move(change));
    if (!added) return fail(ErrorKind::Integrity, added.error().message, kDamagedHint);
  }
  if (keys.newest().digest() == newest->digest()) return std::optional(std::move(keys));
  return fail(ErrorKind::Integrity, "the log's key is not the one that the log itself names", kDamagedHint);
}

Result<Done> check_tail(sqlite::Connection& connection) {
  auto newest = sqlite::first<std::uint64_t>(
      connection, [](const sqlite::Rows& row) { return row.count(0); },
      "SELECT size FROM checkpoint ORDER BY size DESC LIMIT 1");
  if (!newest) return pass_on(newest);
  const auto covered = newest->value_or(0);
  auto size = ledger::log_size(connection);
  if (!size) return pass_on(size);
  if (*size < covered) {
    return wrong_entry(*size, fmt::format("is missing: a checkpoint says that the log has {} entries", covered));
  }
  auto keys = ledger::log_keys(connection);
  if (!keys) return pass_on(keys);
  auto replay = Replay::from(connection, covered);
  if (!replay) return pass_on(replay);
  auto done = replay_rest(connection, *replay, *keys);
  if (!done) return done;
  auto beyond = connection.number("SELECT coalesce(max(idx) + 1, 0) FROM node WHERE level = 0");
  if (!beyond) return pass_on(beyond);
  if (*beyond == static_cast<std::int64_t>(*size)) return Done{};
  return wrong_entry(*size, "is missing, but hashes of it are stored");
}

}  // namespace sealroom::ledger
