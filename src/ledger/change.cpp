#include <fmt/format.h>

#include "database.hpp"
#include "sealroom/base/text.hpp"
#include "sealroom/crypto/crypto.hpp"

namespace sealroom {
namespace {

// Copying a larger WAL costs two syncs, and in a large ledger a write at another place for nearly each of its pages; spread
// over so many changes it does not count.
constexpr std::uint64_t kLargestWal = 16 * 1024 * 1024;

constexpr const char* kBrokenHint =
    "nothing more is recorded or signed; find out what is wrong with the disk, then start sealroomd again";

}  // namespace

Change::State::~State() {
  if (!open) return;
  database->changing = false;
  if (!connection().in_transaction()) return;
  auto back = connection().run("ROLLBACK");
  if (!back) database->break_for(back.error());
}

void Change::State::note_failure(const Error& error) {
  failed = true;
  if (!connection().refused_by_schema()) database->break_for(error);
}

Result<Done> Change::State::finish() {
  auto committed = run("COMMIT");
  if (!committed && committed.error().hint.empty()) committed.error().hint = kBrokenHint;
  return committed;
}

std::unexpected<Error> Change::State::refuse(std::string message, std::string hint) {
  failed = true;
  return fail(ErrorKind::Integrity, std::move(message), std::move(hint));
}

Result<Change> Ledger::begin(const log::Context& context) {
  auto& database = *database_;
  if (database.trouble) return std::unexpected(*database.trouble);
  if (database.changing || database.access != LedgerAccess::ReadWrite) std::abort();
  if (database.broken) {
    return fail(ErrorKind::Integrity, fmt::format("an earlier change could not be made durable: {}", *database.broken),
                kBrokenHint);
  }
  auto begun = database.connection->run("BEGIN IMMEDIATE");
  if (!begun) return pass_on(begun);
  auto state = std::make_unique<Change::State>(database_, context);
  state->open = true;
  database.changing = true;
  auto size = ledger::log_size(*database.connection);
  if (!size) return pass_on(size);
  state->log_size = *size;
  if (*size > 0) {
    auto newest = ledger::line(*database.connection, *size - 1);
    if (!newest) return pass_on(newest);
    state->previous = sha256(as_bytes(*newest));
  }
  return Change(std::move(state));
}

Change::Change(std::unique_ptr<State> state) : state_(std::move(state)) {}
Change::Change(Change&&) noexcept = default;
Change& Change::operator=(Change&&) noexcept = default;
Change::~Change() = default;

Instant Change::time() const { return ledger::in_use(state_).context.time; }

Result<std::uint64_t> Change::State::append(std::string_view line, std::string_view batch) {
  const auto seq = log_size;
  constexpr std::string_view kInsert = "INSERT INTO entry (seq, batch, line) VALUES (?1, ?2, ?3)";
  auto done =
      batch.empty() ? run(kInsert, seq, std::nullopt, as_bytes(line)) : run(kInsert, seq, batch, as_bytes(line));
  if (!done) return pass_on(done);
  // RFC 6962 asks for no other nodes than the newest of their levels.
  const auto read = [this](unsigned level, std::uint64_t index) {
    return edge[level] ? Result<Digest>(*edge[level]) : ledger::node(connection(), level, index);
  };
  auto nodes = log::appended_nodes(seq, log::leaf_hash(as_bytes(line)), read);
  if (!nodes) {
    failed = true;
    database->break_for(nodes.error());
    return pass_on(nodes);
  }
  for (const auto& node : *nodes) {
    done = run("INSERT INTO node (level, idx, hash) VALUES (?1, ?2, ?3)", node.level, node.index, node.hash);
    if (!done) return pass_on(done);
    edge[node.level] = node.hash;
  }
  previous = sha256(as_bytes(line));
  log_size = seq + 1;
  return seq;
}

Result<std::uint64_t> Change::append(const log::Event& event, std::string_view batch) {
  auto& state = ledger::in_use(state_);
  return state.append(log::line_of(state.log_size, state.previous, state.context, event), batch);
}

Result<std::uint64_t> Change::append_again(std::string_view line, std::string_view batch) {
  auto& state = ledger::in_use(state_);
  const auto entry = log::parse_line(line);
  if (!entry) return state.refuse(entry.error().message);
  if (entry->seq != state.log_size || entry->previous != state.previous) {
    return state.refuse(
        fmt::format("log entry {}: does not continue the {} entries of the ledger", entry->seq, state.log_size));
  }
  return state.append(line, batch);
}

// After an error in COMMIT the pages may or may not have reached the disk. Later reads and writes could be built on
// either, so there are none: a restart reads what is really there, which is all of the change or nothing of it.
Result<Receipt> Change::commit() && {
  const auto state = std::move(state_);
  auto committed = ledger::in_use(state).finish();
  if (!committed) return pass_on(committed, "the change was not recorded");
  auto& database = *state->database;
  if (database.connection->wal_octets() > kLargestWal) {
    auto copied = database.connection->copy_wal();
    if (!copied) database.break_for(copied.error());
  }
  return Receipt(state->log_size);
}

}  // namespace sealroom
