#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include <fmt/format.h>

#include "database.hpp"
#include "replay.hpp"
#include "schema.hpp"
#include "sealroom/base/file.hpp"
#include "sealroom/base/text.hpp"

namespace sealroom {
namespace {

// Each certificate's serial, request, key and subject lie on pages of their own in the indexes of a large ledger. A change
// whose pages do not fit into the cache is written to the write-ahead log several times over, and read again from it.
constexpr const char* kWriterCache = "PRAGMA cache_size = -8192";

// An empty file is an empty database to SQLite. journal_mode is kept in the file; it cannot change in a transaction.
Result<Done> fill(const std::string& path) {
  auto connection = sqlite::Connection::open(path, SQLITE_OPEN_READWRITE);
  if (!connection) return pass_on(connection);
  auto done = (*connection)->execute("PRAGMA page_size = 4096; PRAGMA journal_mode = WAL;");
  if (!done) return done;
  return ledger::apply_schema(**connection);
}

Result<Done> copy_into(sqlite::Connection& connection, const std::string& path) {
  auto target = sqlite::Connection::open(path, SQLITE_OPEN_READWRITE);
  const auto copied = target ? connection.copy_to(**target) : Result<Done>(pass_on(target));
  if (copied) return copied;
  return fail(ErrorKind::Failed, copied.error().message, copied.error().hint);
}

// Opened for writing, so that closing it leaves one file and no write-ahead log beside it.
Result<Done> verify_copy(const std::string& path) {
  auto copy = Ledger::open(path, LedgerAccess::ReadWrite);
  if (!copy) return pass_on(copy);
  auto verified = copy->verify();
  if (!verified) return pass_on(verified, "the copy of the ledger");
  return Done{};
}

void remove_database(const std::string& path) {
  for (const char* suffix : {"", "-wal", "-shm"}) ::unlink((path + suffix).c_str());
}

Result<Done> make_durable(const std::string& path) {
  const Fd fd(::open(path.c_str(), O_RDWR | O_CLOEXEC));
  if (!fd || fsync(fd.get()) != 0) {
    return fail(ErrorKind::Failed, fmt::format("{}: cannot be made durable", printable(path)));
  }
  const auto parent = std::filesystem::path(path).parent_path();
  return sync_directory(parent.empty() ? "." : parent.string());
}

// WAL is what lets readers and one writer live side by side; another journal means that somebody converted the file.
Result<Done> prepare_writer(sqlite::Connection& connection, const std::string& path) {
  auto mode = sqlite::first<std::string>(
      connection, [](const sqlite::Rows& row) { return row.text(0); }, "PRAGMA journal_mode");
  if (!mode) return pass_on(mode);
  if (*mode != "wal") {
    return fail(ErrorKind::Integrity, fmt::format("{}: is not in write-ahead logging mode", printable(path)));
  }
  if (connection.read_only()) {
    return fail(ErrorKind::Integrity, fmt::format("{}: cannot be written", printable(path)),
                "the ledger belongs to the user that runs sealroomd; check owner and mode of the file and its folder");
  }
  connection.watch_wal();
  return connection.execute(kWriterCache);
}

// Ends the transaction of what only looks, also when that throws.
class Moment {
 public:
  explicit Moment(sqlite::Connection& connection) : connection_(connection) {}
  Moment(const Moment&) = delete;
  Moment& operator=(const Moment&) = delete;
  ~Moment() { static_cast<void>(connection_.execute("ROLLBACK").has_value()); }

 private:
  sqlite::Connection& connection_;
};

Result<Done> check_present(const std::string& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0 && errno == ENOENT) {
    return fail(ErrorKind::Integrity, fmt::format("{}: the ledger is missing", printable(path)),
                "restore its backup; only a home that never had one is made by `sealroom init`");
  }
  return Done{};
}

}  // namespace

Result<Done> Ledger::create(const std::string& path) {
  auto made = write_new_file(path, {}, 0600);
  if (!made) return made;
  made = fill(path);
  if (made) made = make_durable(path);
  if (!made) remove_database(path);
  return made;
}

Result<Done> Ledger::copy_to(const std::string& path) const {
  auto made = write_new_file(path, {}, 0600);
  if (!made) return made;
  made = copy_into(*database_->connection, path);
  if (made) made = verify_copy(path);
  if (made) made = make_durable(path);
  if (!made) remove_database(path);
  return made;
}

Result<Done> Ledger::examine(const std::string& path) {
  auto present = check_present(path);
  if (!present) return present;
  auto connection = sqlite::Connection::open(path, SQLITE_OPEN_READONLY);
  if (!connection) return pass_on(connection);
  auto version = ledger::schema_version(**connection, path);
  if (!version) return pass_on(version);
  return ledger::check_tail(**connection);
}

Result<Ledger> Ledger::open(const std::string& path, LedgerAccess access) {
  auto present = check_present(path);
  if (!present) return pass_on(present);
  const bool writes = access == LedgerAccess::ReadWrite;
  auto connection = sqlite::Connection::open(path, writes ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY);
  if (!connection) return pass_on(connection);
  auto version = ledger::schema_version(**connection, path);
  if (!version) return pass_on(version);
  Result<Done> ready{Done{}};
  if (writes) ready = prepare_writer(**connection, path);
  if (ready && writes) ready = ledger::migrate(**connection, path, *version);
  if (!ready) return pass_on(ready);
  return Ledger(
      std::make_shared<Database>(Database{.connection = std::move(*connection), .path = path, .access = access}));
}

Result<Ledger> Ledger::open_in_trouble(const std::string& path, const Error& trouble) {
  auto present = check_present(path);
  if (!present) return pass_on(present);
  auto connection = sqlite::Connection::open(path, SQLITE_OPEN_READONLY);
  // What is no database at all has nothing to read: an empty one stands for it.
  if (!connection) connection = sqlite::Connection::open(":memory:", SQLITE_OPEN_READONLY);
  if (!connection) return pass_on(connection);
  Ledger ledger(std::make_shared<Database>(
      Database{.connection = std::move(*connection), .path = path, .access = LedgerAccess::ReadOnly}));
  ledger.database_->trouble = trouble;
  return ledger;
}

Result<Done> Ledger::at_one_moment(const std::function<Result<Done>()>& look) const {
  auto& connection = *database_->connection;
  auto begun = connection.execute("BEGIN");
  if (!begun) return begun;
  const Moment moment(connection);
  return look();
}

bool Ledger::broken() const { return database_->broken.has_value(); }

Ledger::Ledger(std::shared_ptr<Database> database) : database_(std::move(database)) {}
Ledger::Ledger(Ledger&&) noexcept = default;
Ledger& Ledger::operator=(Ledger&&) noexcept = default;
Ledger::~Ledger() = default;

}  // namespace sealroom
