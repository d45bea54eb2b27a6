#pragma once

#include <sqlite3.h>

#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "sealroom/base/bytes.hpp"
#include "sealroom/base/error.hpp"
#include "sealroom/base/time.hpp"

// The door to SQLite: nothing outside src/ledger sees it. Every error here is Integrity.
namespace sealroom::sqlite {

struct CloseStatement {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using OwnedStatement = std::unique_ptr<sqlite3_stmt, CloseStatement>;

// Prepared statements by their text. One that is used is taken out with its text, so that nothing is copied.
struct HashOfText {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
};
using Statements = std::unordered_multimap<std::string, OwnedStatement, HashOfText, std::equal_to<>>;

class Connection;

// Rows walks over the answer to one statement; when it goes, the statement returns to its connection's cache.
class Rows {
 public:
  Rows(Connection& connection, Statements::node_type statement);
  Rows(Rows&&) noexcept = default;
  Rows& operator=(Rows&&) = delete;
  ~Rows();

  // Steps to the next row; false when there is none.
  Result<bool> next();

  // Cells of the current row. One of another type or size reads as zero or empty, and `check` then fails.
  std::int64_t integer(int column) const;
  std::uint64_t count(int column) const;  // zero or more
  std::string text(int column) const;
  Bytes octets(int column) const;
  Digest digest(int column) const;
  Instant instant(int column) const;
  Result<Done> check() const;
  void mark_damaged() const { damaged_ = true; }  // for a reader that finds more than a wrong type

 private:
  bool has_type(int column, int type) const;
  sqlite3_stmt* statement() const { return statement_.mapped().get(); }
  Connection* connection_;
  Statements::node_type statement_;
  mutable bool damaged_ = false;
};

// Connection owns one database handle and the statements prepared on it.
class Connection {
 public:
  // `flags` as for sqlite3_open_v2. Sets what holds for every connection of ours, and reads nothing.
  static Result<std::unique_ptr<Connection>> open(const std::string& path, int flags);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  // Runs a script of statements without parameters and without answers.
  Result<Done> execute(const char* script);

  // Binds `values` to ?1, ?2, ... in turn. Integers, Instant, text (std::string_view), octets (ByteView), nullopt.
  template <class... Values>
  Result<Rows> query(std::string_view sql, const Values&... values) {
    auto statement = take(sql);
    if (!statement) return pass_on(statement);
    int index = 0;
    const bool bound = (bind(statement->mapped().get(), ++index, values) && ...);
    if (!bound) return error("values cannot be bound");
    return Rows(*this, std::move(*statement));
  }

  // For statements without an answer.
  template <class... Values>
  Result<Done> run(std::string_view sql, const Values&... values) {
    auto rows = query(sql, values...);
    if (!rows) return pass_on(rows);
    auto row = rows->next();
    if (!row) return pass_on(row);
    return Done{};
  }

  // The one integer that a statement answers.
  Result<std::int64_t> number(std::string_view sql);

  std::int64_t last_id() const { return sqlite3_last_insert_rowid(handle_.get()); }
  std::int64_t changed_rows() const { return sqlite3_changes64(handle_.get()); }
  bool read_only() const { return sqlite3_db_readonly(handle_.get(), "main") == 1; }
  bool in_transaction() const { return sqlite3_get_autocommit(handle_.get()) == 0; }

  // Whether the newest error was a rule of the schema, and not the disk or the database.
  bool refused_by_schema() const { return (last_error_ & 0xff) == SQLITE_CONSTRAINT; }

  // From now on every statement fails, as Failed, soon after `stop` says true. It is asked again and again, within each.
  void stop_when(std::function<bool()> stop);

  // Stops SQLite from copying the WAL into the database on its own, and counts the WAL's pages instead.
  void watch_wal();
  std::uint64_t wal_octets() const { return wal_octets_; }
  // Copies the WAL into the database, as far as readers allow; waits for nobody.
  Result<Done> copy_wal();

  // Copies the whole database as it is at this moment into `target`, an empty one that nobody else uses (SQLite's
  // online backup). `target` is then complete on storage.
  Result<Done> copy_to(Connection& target);

  std::unexpected<Error> error(std::string_view what);

 private:
  friend class Rows;
  struct Close {
    void operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
  };

  Connection(std::string path, sqlite3* handle) : path_(std::move(path)), handle_(handle) {}
  Result<Statements::node_type> take(std::string_view sql);
  void give_back(Statements::node_type statement);

  static bool bind(sqlite3_stmt* statement, int index, std::int64_t value);
  static bool bind(sqlite3_stmt* statement, int index, std::string_view text);
  static bool bind(sqlite3_stmt* statement, int index, ByteView octets);
  static bool bind(sqlite3_stmt* statement, int index, std::nullopt_t);
  static bool bind(sqlite3_stmt* statement, int index, std::optional<std::int64_t> value) {
    return value ? bind(statement, index, *value) : bind(statement, index, std::nullopt);
  }
  static bool bind(sqlite3_stmt* statement, int index, Instant value) {
    return bind(statement, index, std::int64_t{value.time_since_epoch().count()});
  }
  static bool bind(sqlite3_stmt* statement, int index, const std::string& text) {
    return bind(statement, index, std::string_view(text));
  }
  static bool bind(sqlite3_stmt* statement, int index, const Bytes& octets) {
    return bind(statement, index, ByteView(octets));
  }
  static bool bind(sqlite3_stmt* statement, int index, const Digest& digest) {
    return bind(statement, index, ByteView(digest));
  }
  template <std::unsigned_integral Count>
  static bool bind(sqlite3_stmt* statement, int index, Count value) {
    return bind(statement, index, checked(value));
  }
  static std::int64_t checked(std::uint64_t value);

  std::string path_;
  std::unique_ptr<sqlite3, Close> handle_;
  Statements idle_;
  int last_error_ = SQLITE_OK;
  std::uint64_t wal_octets_ = 0;
  std::function<bool()> stop_;
};

// The first row of an answer through `decode`; nothing when there is none.
template <class Row, class... Values>
Result<std::optional<Row>> first(Connection& connection, Row (*decode)(const Rows&), std::string_view sql,
                                 const Values&... values) {
  auto rows = connection.query(sql, values...);
  if (!rows) return pass_on(rows);
  auto found = rows->next();
  if (!found) return pass_on(found);
  if (!*found) return std::optional<Row>();
  std::optional<Row> row = decode(*rows);
  auto checked = rows->check();
  if (!checked) return pass_on(checked);
  return row;
}

// Every row of an answer through `decode`.
template <class Row, class... Values>
Result<std::vector<Row>> all(Connection& connection, Row (*decode)(const Rows&), std::string_view sql,
                             const Values&... values) {
  auto rows = connection.query(sql, values...);
  if (!rows) return pass_on(rows);
  std::vector<Row> out;
  for (;;) {
    auto found = rows->next();
    if (!found) return pass_on(found);
    if (!*found) return out;
    out.push_back(decode(*rows));
    auto checked = rows->check();
    if (!checked) return pass_on(checked);
  }
}

}  // namespace sealroom::sqlite
