#include "sqlite.hpp"

#include <string.h>

#include <cerrno>
#include <cstdlib>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "sealroom/base/text.hpp"

namespace sealroom::sqlite {
namespace {

// Nobody else writes; what can be waited for is a reader that recovers the WAL after a crash.
constexpr int kBusyMilliseconds = 10'000;

// trusted_schema off and DEFENSIVE: a database that somebody edited must not make us run functions or write over its
// own structure. temp_store: nothing outside the home is ever opened.
constexpr const char* kSettings =
    "PRAGMA trusted_schema = OFF;"
    "PRAGMA foreign_keys = ON;"
    "PRAGMA synchronous = FULL;"
    "PRAGMA temp_store = MEMORY;"
    "PRAGMA cell_size_check = ON;";

const char* hint_for(int error) {
  switch (error & 0xff) {
    case SQLITE_FULL: return "make room on the disk that holds the ledger";
    case SQLITE_IOERR: return "find out what is wrong with the disk that holds the ledger";
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM: return "the ledger belongs to the user that runs sealroomd; check its owner and mode";
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return "the ledger was changed or damaged; keep a copy and restore its backup";
    default: return "";
  }
}

// What says nothing about the ledger itself: no memory, or somebody else at the file.
bool may_pass(int error) {
  switch (error & 0xff) {
    case SQLITE_NOMEM:
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_INTERRUPT: return true;
    default: return false;
  }
}

bool is_about_file(int error) { return (error & 0xff) == SQLITE_IOERR || (error & 0xff) == SQLITE_CANTOPEN; }

}  // namespace

Rows::Rows(Connection& connection, Statements::node_type statement)
    : connection_(&connection), statement_(std::move(statement)) {}

Rows::~Rows() {
  if (!statement_.empty()) connection_->give_back(std::move(statement_));
}

Result<bool> Rows::next() {
  switch (sqlite3_step(statement())) {
    case SQLITE_ROW: return true;
    case SQLITE_DONE: return false;
    default: return connection_->error("database refused");
  }
}

bool Rows::has_type(int column, int type) const {
  const bool good = sqlite3_column_type(statement(), column) == type;
  if (!good) damaged_ = true;
  return good;
}

std::int64_t Rows::integer(int column) const {
  return has_type(column, SQLITE_INTEGER) ? sqlite3_column_int64(statement(), column) : 0;
}

std::uint64_t Rows::count(int column) const {
  const auto value = integer(column);
  if (value < 0) damaged_ = true;
  return value < 0 ? 0 : static_cast<std::uint64_t>(value);
}

std::string Rows::text(int column) const {
  if (!has_type(column, SQLITE_TEXT)) return {};
  const auto* start = reinterpret_cast<const char*>(sqlite3_column_text(statement(), column));
  return {start, static_cast<std::size_t>(sqlite3_column_bytes(statement(), column))};
}

Bytes Rows::octets(int column) const {
  if (!has_type(column, SQLITE_BLOB)) return {};
  const auto* start = static_cast<const std::uint8_t*>(sqlite3_column_blob(statement(), column));
  return {start, start + sqlite3_column_bytes(statement(), column)};
}

Digest Rows::digest(int column) const {
  const auto stored = octets(column);
  Digest digest{};
  if (stored.size() != digest.size()) return damaged_ = true, digest;
  std::copy(stored.begin(), stored.end(), digest.begin());
  return digest;
}

Instant Rows::instant(int column) const { return Instant{std::chrono::seconds{integer(column)}}; }

Result<Done> Rows::check() const {
  if (!damaged_) return Done{};
  return fail(ErrorKind::Integrity,
              fmt::format("{}: a stored value has the wrong shape", printable(connection_->path_)),
              "the ledger was changed or damaged; keep a copy and restore its backup");
}

Result<std::unique_ptr<Connection>> Connection::open(const std::string& path, int flags) {
  sqlite3* handle = nullptr;
  const int outcome = sqlite3_open_v2(path.c_str(), &handle, flags | SQLITE_OPEN_NOMUTEX, nullptr);
  std::unique_ptr<Connection> connection(new Connection(path, handle));
  if (outcome != SQLITE_OK) return connection->error("cannot be opened");
  sqlite3_extended_result_codes(handle, 1);
  sqlite3_busy_timeout(handle, kBusyMilliseconds);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  auto set = connection->execute(kSettings);
  if (!set) return pass_on(set);
  return connection;
}

Connection::~Connection() { idle_.clear(); }

Result<Done> Connection::execute(const char* script) {
  if (sqlite3_exec(handle_.get(), script, nullptr, nullptr, nullptr) != SQLITE_OK) return error("database refused");
  return Done{};
}

Result<std::int64_t> Connection::number(std::string_view sql) {
  auto found = first<std::int64_t>(*this, [](const Rows& row) { return row.integer(0); }, sql);
  if (!found) return pass_on(found);
  if (!*found) return error("nothing was answered");
  return **found;
}

Result<Statements::node_type> Connection::take(std::string_view sql) {
  const auto idle = idle_.find(sql);
  if (idle != idle_.end()) return idle_.extract(idle);
  std::string key(sql);
  sqlite3_stmt* raw = nullptr;
  const auto size = static_cast<int>(key.size() + 1);
  if (sqlite3_prepare_v3(handle_.get(), key.c_str(), size, SQLITE_PREPARE_PERSISTENT, &raw, nullptr) != SQLITE_OK) {
    return error("a statement cannot be prepared");
  }
  Statements prepared;
  return prepared.extract(prepared.emplace(std::move(key), OwnedStatement(raw)));
}

void Connection::give_back(Statements::node_type statement) {
  sqlite3_reset(statement.mapped().get());
  sqlite3_clear_bindings(statement.mapped().get());
  idle_.insert(std::move(statement));
}

bool Connection::bind(sqlite3_stmt* statement, int index, std::int64_t value) {
  return sqlite3_bind_int64(statement, index, value) == SQLITE_OK;
}

bool Connection::bind(sqlite3_stmt* statement, int index, std::string_view text) {
  const char* start = text.data() == nullptr ? "" : text.data();
  return sqlite3_bind_text64(statement, index, start, text.size(), SQLITE_TRANSIENT, SQLITE_UTF8) == SQLITE_OK;
}

// A null pointer would be stored as NULL, not as no octets.
bool Connection::bind(sqlite3_stmt* statement, int index, ByteView octets) {
  if (octets.empty()) return sqlite3_bind_zeroblob(statement, index, 0) == SQLITE_OK;
  return sqlite3_bind_blob64(statement, index, octets.data(), octets.size(), SQLITE_TRANSIENT) == SQLITE_OK;
}

bool Connection::bind(sqlite3_stmt* statement, int index, std::nullopt_t) {
  return sqlite3_bind_null(statement, index) == SQLITE_OK;
}

std::int64_t Connection::checked(std::uint64_t value) {
  if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) std::abort();
  return static_cast<std::int64_t>(value);
}

void Connection::stop_when(std::function<bool()> stop) {
  constexpr int kInstructions = 100;  // of SQLite's machine: some microseconds
  stop_ = std::move(stop);
  const auto ask = [](void* self) { return static_cast<Connection*>(self)->stop_() ? 1 : 0; };
  sqlite3_progress_handler(handle_.get(), kInstructions, ask, this);
}

// sqlite3_wal_autocheckpoint and this hook exclude each other: setting the hook switches automatic copying off.
void Connection::watch_wal() {
  const auto count = [](void* self, sqlite3*, const char*, int pages) {
    constexpr std::uint64_t kPageOctets = 4096;
    static_cast<Connection*>(self)->wal_octets_ = static_cast<std::uint64_t>(pages) * kPageOctets;
    return SQLITE_OK;
  };
  sqlite3_wal_hook(handle_.get(), count, this);
}

Result<Done> Connection::copy_wal() {
  const int outcome = sqlite3_wal_checkpoint_v2(handle_.get(), nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
  if (outcome != SQLITE_OK && outcome != SQLITE_BUSY) return error("the write-ahead log cannot be copied");
  return Done{};
}

Result<Done> Connection::copy_to(Connection& target) {
  constexpr int kAllPages = -1;
  sqlite3_backup* const copy = sqlite3_backup_init(target.handle_.get(), "main", handle_.get(), "main");
  if (copy == nullptr) return target.error("cannot be copied to");
  sqlite3_backup_step(copy, kAllPages);  // its error is given again by sqlite3_backup_finish
  if (sqlite3_backup_finish(copy) != SQLITE_OK) return target.error("cannot be copied to");
  return Done{};
}

std::unexpected<Error> Connection::error(std::string_view what) {
  last_error_ = handle_ ? sqlite3_extended_errcode(handle_.get()) : SQLITE_NOMEM;
  std::string reason = handle_ ? sqlite3_errmsg(handle_.get()) : "out of memory";
  // SQLite calls a full disk an I/O error where it happens beside the database, in the shared memory of its log.
  const int cause = handle_ && is_about_file(last_error_) ? sqlite3_system_errno(handle_.get()) : 0;
  if (cause != 0) reason += fmt::format(" ({})", strerror(cause));
  return fail(may_pass(last_error_) ? ErrorKind::Failed : ErrorKind::Integrity,
              fmt::format("{}: {}: {}", printable(path_), what, printable(reason)),
              hint_for(cause == ENOSPC ? SQLITE_FULL : last_error_));
}

}  // namespace sealroom::sqlite
