#include <filesystem>

#include "ledger_fixture.hpp"

using namespace sealroom;
using namespace sealroom::testing;

namespace {

// The ledger at `path`, opened for writing.
Ledger opened(const std::string& path) {
  auto ledger = Ledger::open(path, LedgerAccess::ReadWrite);
  if (!ledger) FAIL(ledger.error().message);
  return std::move(*ledger);
}

}  // namespace

TEST_CASE("a copy is the whole ledger, verified, and goes on by itself") {
  const LedgerHome home;
  auto ledger = home.open();
  append(ledger, 40);
  plan_batch(ledger);
  const auto path = home.directory / "copy.db";
  REQUIRE(ledger.copy_to(path));
  CHECK_FALSE(std::filesystem::exists(path + "-wal"));
  append(ledger, 1);
  auto copy = opened(path);
  CHECK(*copy.verify() == 40);
  CHECK(*copy.root(40) == *ledger.root(40));
  CHECK(copy.by_serial("intermediate", Bytes{0x10, 0})->has_value());
  append(copy, 2);
  CHECK(*copy.verify() == 42);
}

TEST_CASE("a copy is not written over a file, and of a damaged ledger there is none") {
  const LedgerHome home;
  auto ledger = home.open();
  append(ledger, 3);
  const auto path = home.directory / "copy.db";
  REQUIRE(ledger.copy_to(path));
  check_error(ledger.copy_to(path), ErrorKind::Failed, "cannot be created");
  tamper(home.path,
         "UPDATE entry SET line = CAST(replace(CAST(line AS TEXT), 'test.event', 'test.evens') AS BLOB) "
         "WHERE seq = 1");
  const auto other = home.directory / "other.db";
  check_error(ledger.copy_to(other), ErrorKind::Integrity, "log entry");
  CHECK_FALSE(std::filesystem::exists(other));
}

TEST_CASE("lost entries come back as the octets that they had, and no others do") {
  const LedgerHome home;
  auto ledger = home.open();
  append(ledger, 2);
  const auto path = home.directory / "copy.db";
  REQUIRE(ledger.copy_to(path));
  append(ledger, 3);
  auto copy = opened(path);
  {
    auto change = begin(copy);
    check_error(change.append_again(*ledger.line(3), {}), ErrorKind::Integrity, "does not continue");
    check_error(std::move(change).commit(), ErrorKind::Integrity, "earlier step");
  }
  auto change = begin(copy);
  for (std::uint64_t seq = 2; seq < 5; ++seq) REQUIRE(*change.append_again(*ledger.line(seq), {}) == seq);
  CHECK(commit(std::move(change)) == 5);
  CHECK(*copy.verify() == 5);
  CHECK(*copy.root(5) == *ledger.root(5));
  auto again = begin(copy);
  check_error(again.append_again(*ledger.line(4), {}), ErrorKind::Integrity, "does not continue");
}

TEST_CASE("what a change would leave can be looked at before it is committed") {
  const LedgerHome home;
  auto ledger = home.open();
  append(ledger, 3);
  auto change = begin(ledger);
  REQUIRE(change.append(event(3)));
  CHECK(ledger.check_tail());
  REQUIRE(change.put_key({.owner = "log",
                          .uri = "pkcs11:token=log",
                          .token_label = "log",
                          .token_serial = "1",
                          .key_id = {1},
                          .public_key = {9, 9},
                          .evidence = "{}",
                          .created = at("2026-11-21T10:00:00Z"),
                          .entry = 3}));
  CHECK(ledger.check_tail().error().kind == ErrorKind::Integrity);
}

TEST_CASE("a certificate that is found is issued, whatever the ledger thought of it, and only once") {
  const LedgerHome home;
  auto ledger = home.open();
  const auto ids = plan_batch(ledger);
  {
    auto change = begin(ledger);
    REQUIRE(change.set_state(ids[1], CertificateState::Expired, 0, "restored"));
    for (const auto id : ids) REQUIRE(change.set_found(id, Bytes{1, 2, 3}, 7));
    commit(std::move(change));
  }
  for (std::uint8_t serial = 0; serial < 2; ++serial) {
    const auto row = *ledger.by_serial("intermediate", Bytes{0x10, serial});
    CHECK(row->state == CertificateState::Issued);
    CHECK(row->certificate == Bytes{1, 2, 3});
    CHECK(row->entry == 7);
  }
  auto change = begin(ledger);
  check_error(change.set_found(ids[0], Bytes{4}, 8), ErrorKind::Integrity, "issued already");
}

TEST_CASE("a certificate that only the log knows is abandoned, whatever the ledger thought of it, unless it has it") {
  const LedgerHome home;
  auto ledger = home.open();
  const auto ids = plan_batch(ledger);
  {
    auto change = begin(ledger);
    REQUIRE(change.set_state(ids[1], CertificateState::Expired, 0, "restored"));
    for (const std::uint64_t entry : {7, 8}) {
      for (const auto id : ids) REQUIRE(change.set_lost(id, entry, "only the log knows"));
    }
    REQUIRE(change.set_found(ids[0], Bytes{1, 2, 3}, 9));
    commit(std::move(change));
  }
  const auto row = *ledger.by_serial("intermediate", Bytes{0x10, 1});
  CHECK(row->state == CertificateState::Abandoned);
  CHECK(row->entry == 8);
  auto change = begin(ledger);
  check_error(change.set_lost(ids[0], 10, "lost"), ErrorKind::Integrity, "is unknown or issued");
}

TEST_CASE("on the day of a restore batches are numbered above all that may be lost") {
  const LedgerHome home;
  auto ledger = home.open();
  plan_batch(ledger);
  auto change = begin(ledger);
  REQUIRE(change.append({.name = "ledger.restored", .outcome = "ok", .details = Json::object()}, kRestoredTag));
  commit(std::move(change));
  CHECK(*ledger.next_batch_id(at("2026-11-21T23:59:59Z")) == "B-20261121-5001");
  auto again = begin(ledger);
  REQUIRE(again.append({.name = "ledger.restored", .outcome = "ok", .details = Json::object()}, kRestoredTag));
  commit(std::move(again));
  CHECK(*ledger.next_batch_id(at("2026-11-21T23:59:59Z")) == "B-20261121-10001");
  CHECK(*ledger.next_batch_id(at("2026-11-22T00:00:00Z")) == "B-20261122-0001");
}
