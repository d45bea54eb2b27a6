#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

#include "faulty_disk.hpp"
#include "ledger_fixture.hpp"

using namespace sealroom;
using namespace sealroom::testing;

namespace {

// After a failed commit: the same ledger object records nothing more, and one that is opened again, as by a restart,
// has `size` sound entries and goes on.
void check_stopped(Ledger& ledger) {
  const auto again = ledger.begin(context());
  check_error(again, ErrorKind::Integrity, "an earlier change could not be made durable");
  CHECK_THAT(again.error().hint, Catch::Contains("start sealroomd again"));
}

void check_goes_on(const std::string& path, std::uint64_t size) {
  auto ledger = Ledger::open(path, LedgerAccess::ReadWrite);
  REQUIRE(ledger);
  CHECK(*ledger->verify() == size);
  append(*ledger, 1);
  CHECK(*ledger->verify() == size + 1);
}

// One change of 200 entries of 2 kB: about a tenth of what the write-ahead log may hold.
void append_much(Ledger& ledger) {
  auto change = begin(ledger);
  for (int i = 0; i < 200; ++i) {
    REQUIRE(change.append({.name = "test.event", .outcome = "ok", .details = {{"text", std::string(2000, 'x')}}}));
  }
  commit(std::move(change));
}

}  // namespace

TEST_CASE("a full disk fails the commit, leaves nothing of it, and stops the ledger") {
  FaultyDisk disk;
  const LedgerHome home;
  // Wherever the disk fills up: before the first page, or in the middle of the change's pages.
  const int writes_left = GENERATE(0, 1, 2, 3, 4, 5, 6);
  {
    auto ledger = home.open();
    append(ledger, 5);
    const auto reader = home.open(LedgerAccess::ReadOnly);
    auto change = begin(ledger);
    for (std::uint64_t i = 0; i < 100; ++i) REQUIRE(change.append(event(i)));
    disk.write_error = SQLITE_FULL;
    disk.writes_left = writes_left;
    const auto receipt = std::move(change).commit();
    check_error(receipt, ErrorKind::Integrity, "full");
    CHECK_THAT(receipt.error().hint, Catch::Contains("make room"));
    disk.write_error = SQLITE_OK;
    CHECK(*ledger.log_size() == 5);
    CHECK(*reader.log_size() == 5);
    check_stopped(ledger);
  }
  check_goes_on(home.path, 5);
}

TEST_CASE("a disk that fills up within a large change fails a step, leaves nothing of it, and stops the ledger") {
  FaultyDisk disk;
  const LedgerHome home;
  {
    auto ledger = home.open();
    append(ledger, 5);
    disk.write_error = SQLITE_FULL;
    auto change = begin(ledger);
    bool failed = false;
    for (std::uint64_t i = 0; !failed && i < 200'000; ++i) failed = !change.append(event(i));
    REQUIRE(failed);
    disk.write_error = SQLITE_OK;
    check_error(change.append(event()), ErrorKind::Integrity, "earlier step");
    check_error(std::move(change).commit(), ErrorKind::Integrity, "not recorded");
    CHECK(*ledger.log_size() == 5);
    check_stopped(ledger);
  }
  check_goes_on(home.path, 5);
}

TEST_CASE("a failed sync fails the commit and stops the ledger") {
  FaultyDisk disk;
  const LedgerHome home;
  auto ledger = home.open();
  append(ledger, 5);
  auto change = begin(ledger);
  REQUIRE(change.append(event()));
  disk.wal_sync_error = SQLITE_IOERR_FSYNC;
  check_error(std::move(change).commit(), ErrorKind::Integrity, "not recorded");
  disk.wal_sync_error = SQLITE_OK;
  CHECK(*ledger.log_size() == 5);
  check_stopped(ledger);
}

// The same with the kernel's word instead of ours: files may not grow past a limit. In a child, for the limit is the
// process's.
TEST_CASE("a file system that refuses to grow the log fails the commit and leaves nothing of it") {
  const LedgerHome home;
  {
    auto ledger = home.open();
    append(ledger, 5);
  }
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    signal(SIGXFSZ, SIG_IGN);
    auto ledger = Ledger::open(home.path, LedgerAccess::ReadWrite);
    const rlimit limit{20'000, 20'000};
    setrlimit(RLIMIT_FSIZE, &limit);
    auto change = ledger->begin(context());
    bool good = change.has_value();
    for (std::uint64_t i = 0; good && i < 100; ++i) good = change->append(event(i)).has_value();
    const bool refused = good && !std::move(*change).commit() && *ledger->log_size() == 5 && !ledger->begin(context());
    _exit(refused ? 0 : 1);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK((WIFEXITED(status) && WEXITSTATUS(status) == 0));
  check_goes_on(home.path, 5);
}

TEST_CASE("a ledger that cannot be made durable is not made") {
  FaultyDisk disk;
  const TemporaryDirectory directory;
  const auto path = directory / "ledger.db";
  disk.other_sync_error = SQLITE_IOERR_FSYNC;
  CHECK_FALSE(Ledger::create(path));
  CHECK(std::filesystem::is_empty(directory.path()));
  disk.other_sync_error = SQLITE_OK;
  disk.write_error = SQLITE_FULL;
  CHECK_FALSE(Ledger::create(path));
  CHECK(std::filesystem::is_empty(directory.path()));
}

TEST_CASE("a change costs one sync, of the write-ahead log, however large it is") {
  FaultyDisk disk;
  const LedgerHome home;
  auto ledger = home.open();
  append(ledger, 1);  // the first change after opening writes the log's header
  for (const std::uint64_t entries : {1U, 100U, 1500U}) {
    disk.wal_syncs = disk.other_syncs = 0;
    append(ledger, entries);
    CHECK(disk.wal_syncs == 1);
    CHECK(disk.other_syncs == 0);
  }
}

TEST_CASE("the write-ahead log is copied between changes and stays small") {
  FaultyDisk disk;
  const LedgerHome home;
  auto ledger = home.open();
  std::uintmax_t largest = 0;
  int copied = 0;
  for (int i = 0; i < 100; ++i) {
    disk.other_syncs = 0;
    append_much(ledger);
    copied += disk.other_syncs > 0;
    largest = std::max(largest, std::filesystem::file_size(home.path + "-wal"));
  }
  CHECK(copied >= 2);
  CHECK(copied <= 5);
  CHECK(largest < 18 * 1024 * 1024);
  CHECK(*ledger.verify() == 20'000);
}

TEST_CASE("a disk that fails while the write-ahead log is copied stops the ledger, and loses nothing") {
  FaultyDisk disk;
  const LedgerHome home;
  std::uint64_t size = 0;
  {
    auto ledger = home.open();
    disk.other_sync_error = SQLITE_IOERR_FSYNC;
    disk.other_syncs = 0;
    for (int i = 0; disk.other_syncs == 0 && i < 100; ++i) {
      append_much(ledger);
      size += 200;
    }
    REQUIRE(disk.other_syncs > 0);
    CHECK(*ledger.log_size() == size);
    check_stopped(ledger);
    disk.other_sync_error = SQLITE_OK;
  }
  check_goes_on(home.path, size);
}
