#pragma once

#include <array>
#include <cstdlib>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "sealroom/ledger/ledger.hpp"
#include "sqlite.hpp"

namespace sealroom {

struct Ledger::Database {
  std::unique_ptr<sqlite::Connection> connection;
  std::string path;
  LedgerAccess access = LedgerAccess::ReadOnly;
  bool changing = false;                // a Change lives
  std::optional<std::string> broken{};  // why a write failed: nobody knows what is on the disk
  std::optional<Error> trouble{};       // why nothing may be written

  // The first reason counts; what comes after follows from it.
  void break_for(const Error& error) {
    if (!broken) broken = error.message;
  }
};

struct Change::State {
  State(std::shared_ptr<Ledger::Database> its_database, log::Context its_context)
      : database(std::move(its_database)), context(std::move(its_context)) {}
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State();  // takes back what was not committed

  // Runs one statement of the change. After an error nothing more is done and commit refuses: SQLite may have taken
  // the transaction back already, and a later statement would then stand alone.
  template <class... Values>
  Result<Done> run(std::string_view sql, const Values&... values) {
    if (failed) return fail(ErrorKind::Integrity, "an earlier step of this change failed");
    auto done = database->connection->run(sql, values...);
    if (!done) note_failure(done.error());
    return done;
  }

  // The same for a statement that is to change exactly one row, and the message of the refusal when it does not.
  template <class... Values>
  Result<Done> run_on_one(std::string refusal, std::string_view sql, const Values&... values) {
    auto done = run(sql, values...);
    if (done && connection().changed_rows() != 1) return refuse(std::move(refusal));
    return done;
  }

  // Stores the line that follows, and the nodes of the tree that it completes. Gives its seq.
  Result<std::uint64_t> append(std::string_view line, std::string_view batch);

  // Refuses the change for a reason of ours; the database itself is sound.
  std::unexpected<Error> refuse(std::string message, std::string hint = {});
  void note_failure(const Error& error);

  Result<Done> finish();  // commits

  sqlite::Connection& connection() { return *database->connection; }

  std::shared_ptr<Ledger::Database> database;
  log::Context context;
  std::uint64_t log_size = 0;
  Digest previous{};  // hash of the newest line
  std::array<std::optional<Digest>, 64>
      edge{};  // the newest complete node of each level, where this change has made it
  bool open = false;
  bool failed = false;
};

namespace ledger {

// `pointer` of an object that was not moved from or spent; anything else is our bug.
template <class T>
T& in_use(const std::unique_ptr<T>& pointer) {
  if (!pointer) std::abort();
  return *pointer;
}

Result<std::uint64_t> log_size(sqlite::Connection& connection);
Result<std::string> line(sqlite::Connection& connection, std::uint64_t seq);
Result<Digest> node(sqlite::Connection& connection, unsigned level, std::uint64_t index);

}  // namespace ledger
}  // namespace sealroom
