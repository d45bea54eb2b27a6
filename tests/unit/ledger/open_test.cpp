#include <sys/stat.h>

#include <filesystem>
#include <new>

#include "ledger_fixture.hpp"
#include "support/aborts.hpp"

using namespace sealroom;
using namespace sealroom::testing;

TEST_CASE("a new ledger is an empty file of its owner alone, and leaves nothing beside it") {
  const TemporaryDirectory directory;
  const auto path = directory / "ledger.db";
  const auto mask = umask(0);
  const auto made = Ledger::create(path);
  umask(mask);
  REQUIRE(made);
  struct stat status{};
  REQUIRE(stat(path.c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0600);
  CHECK_FALSE(std::filesystem::exists(path + "-wal"));
  CHECK_FALSE(std::filesystem::exists(path + "-journal"));
  const auto ledger = Ledger::open(path, LedgerAccess::ReadWrite);
  REQUIRE(ledger);
  CHECK(*ledger->log_size() == 0);
  CHECK(*ledger->root(0) == sha256({}));
  CHECK(*ledger->verify() == 0);
  CHECK_FALSE(ledger->newest_checkpoint()->has_value());
}

TEST_CASE("the files that SQLite puts beside the ledger are its owner's alone too") {
  const LedgerHome home;
  auto ledger = home.open();
  append(ledger, 1);
  struct stat status{};
  REQUIRE(stat((home.path + "-wal").c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
}

TEST_CASE("an existing file is not made into a ledger") {
  const LedgerHome home;
  check_error(Ledger::create(home.path), ErrorKind::Failed, "ledger.db");
  CHECK(home.open().log_size());
  const auto other = home.directory.write("notes.txt", "notes");
  check_error(Ledger::create(other), ErrorKind::Failed, "notes.txt");
  CHECK(home.directory.read("notes.txt") == "notes");
}

TEST_CASE("a ledger is not made where there is no directory") {
  const TemporaryDirectory directory;
  check_error(Ledger::create(directory / "none/ledger.db"), ErrorKind::Failed, "none/ledger.db");
}

TEST_CASE("a missing ledger is an integrity error with a hint, and stays missing") {
  const TemporaryDirectory directory;
  const auto path = directory / "ledger.db";
  const auto opened = Ledger::open(path, LedgerAccess::ReadWrite);
  check_error(opened, ErrorKind::Integrity, "the ledger is missing");
  CHECK_THAT(opened.error().hint, Catch::Contains("backup"));
  CHECK_FALSE(std::filesystem::exists(path));
}

TEST_CASE("files that are no ledger are refused") {
  const LedgerHome home;
  const auto access = GENERATE(LedgerAccess::ReadWrite, LedgerAccess::ReadOnly);
  const auto text = home.directory.write("text", std::string(5000, 'x'));
  const auto opened = Ledger::open(text, access);
  check_error(opened, ErrorKind::Integrity, "is not a database");
  CHECK_THAT(opened.error().hint, Catch::Contains("restore"));
  const auto empty = home.directory.write("empty", "");
  check_error(Ledger::open(empty, access), ErrorKind::Integrity, "is not a ledger");
  check_error(Ledger::open(home.directory.path(), access), ErrorKind::Integrity, home.directory.path());
  tamper(home.path, "PRAGMA application_id = 77");
  check_error(Ledger::open(home.path, access), ErrorKind::Integrity, "is not a ledger");
}

TEST_CASE("a newer schema is refused with its own message") {
  const LedgerHome home;
  tamper(home.path, "PRAGMA user_version = 4");
  const auto opened = Ledger::open(home.path, LedgerAccess::ReadWrite);
  check_error(opened, ErrorKind::Integrity, "schema version 4, newer than the 3");
  CHECK_THAT(opened.error().hint, Catch::Contains("newer sealroom"));
  tamper(home.path, "PRAGMA user_version = 0");
  check_error(Ledger::open(home.path, LedgerAccess::ReadWrite), ErrorKind::Integrity, "unknown schema version 0");
  tamper(home.path, "PRAGMA user_version = 3");
  CHECK(Ledger::open(home.path, LedgerAccess::ReadWrite));
}

TEST_CASE("a ledger that was taken out of write-ahead logging is refused for writing") {
  const LedgerHome home;
  tamper(home.path, "PRAGMA journal_mode = DELETE");
  check_error(Ledger::open(home.path, LedgerAccess::ReadWrite), ErrorKind::Integrity, "write-ahead");
}

TEST_CASE("a ledger that lost its end is an integrity error") {
  const LedgerHome home;
  {
    auto ledger = home.open();
    append(ledger, 500);
  }
  std::filesystem::resize_file(home.path, std::filesystem::file_size(home.path) / 2 / 4096 * 4096);
  const auto opened = Ledger::open(home.path, LedgerAccess::ReadWrite);
  CHECK((!opened || !opened->verify()));
  if (!opened) CHECK(opened.error().kind == ErrorKind::Integrity);
}

TEST_CASE("a reader beside the writer sees every committed change and none before") {
  const LedgerHome home;
  auto writer = home.open();
  const auto reader = home.open(LedgerAccess::ReadOnly);
  for (std::uint64_t i = 0; i < 20; ++i) {
    auto change = begin(writer);
    REQUIRE(change.append(event(i)));
    CHECK(*reader.log_size() == i);
    commit(std::move(change));
    CHECK(*reader.log_size() == i + 1);
    CHECK(*reader.root(i + 1) == *writer.root(i + 1));
  }
  CHECK(*reader.verify() == 20);
}

TEST_CASE("a reader cannot begin a change") {
  const LedgerHome home;
  auto reader = home.open(LedgerAccess::ReadOnly);
  CHECK(aborts([&] { static_cast<void>(reader.begin(context()).has_value()); }));
}

TEST_CASE("a look at one moment ends with it, also when it throws") {
  const LedgerHome home;
  auto ledger = home.open();
  append(ledger, 5);
  const auto reader = home.open(LedgerAccess::ReadOnly);
  const auto throwing = [](const Ledger& looked_at) {
    return [&looked_at]() -> Result<Done> {
      static_cast<void>(looked_at.log_size().has_value());
      throw std::bad_alloc();
    };
  };
  CHECK_THROWS_AS(static_cast<void>(reader.at_one_moment(throwing(reader)).has_value()), std::bad_alloc);
  CHECK_THROWS_AS(static_cast<void>(ledger.at_one_moment(throwing(ledger)).has_value()), std::bad_alloc);
  append(ledger, 3);
  CHECK(*reader.log_size() == 8);
  CHECK(reader.at_one_moment([] { return Result<Done>(Done{}); }));
}
