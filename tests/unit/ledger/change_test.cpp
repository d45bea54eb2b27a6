#include "ledger_fixture.hpp"
#include "support/aborts.hpp"

using namespace sealroom;
using namespace sealroom::testing;

TEST_CASE("entries become durable lines that continue each other") {
  const LedgerHome home;
  {
    auto ledger = home.open();
    append(ledger, 2);
    append(ledger, 1);
  }
  const auto ledger = home.open();
  REQUIRE(*ledger.log_size() == 3);
  Digest previous{};
  for (std::uint64_t seq = 0; seq < 3; ++seq) {
    const auto line = ledger.line(seq);
    REQUIRE(line);
    CHECK(*line == log::line_of(seq, previous, context(), event(seq)));
    previous = sha256(as_bytes(*line));
  }
  check_error(ledger.line(3), ErrorKind::Failed, "the log has 3");
}

TEST_CASE("a change that is dropped leaves nothing") {
  const LedgerHome home;
  auto ledger = home.open();
  append(ledger, 5);
  const auto root = *ledger.root(5);
  {
    auto change = begin(ledger);
    REQUIRE(change.append(event(), kBatch));
    REQUIRE(change.add_batch(batch_row()));
    REQUIRE(change.put_key({.owner = "root",
                            .uri = "pkcs11:",
                            .token_label = "t",
                            .token_serial = "1",
                            .key_id = {1},
                            .public_key = {2},
                            .evidence = "{}",
                            .created = {}}));
    CHECK(*ledger.log_size() == 6);
  }
  CHECK(*ledger.log_size() == 5);
  CHECK(*ledger.root(5) == root);
  CHECK(*ledger.next_batch_id(at("2026-11-21T23:59:59Z")) == kBatch);
  CHECK_FALSE(ledger.batch(kBatch)->has_value());
  CHECK_FALSE(ledger.key("root")->has_value());
  CHECK(*ledger.verify() == 5);
  append(ledger, 1);
  CHECK(*ledger.verify() == 6);
}

TEST_CASE("a change that is assigned over is taken back") {
  const LedgerHome home;
  const LedgerHome other_home;
  auto ledger = home.open();
  auto other = other_home.open();
  auto change = begin(ledger);
  REQUIRE(change.append(event(0)));
  change = begin(other);
  REQUIRE(change.append(event(0)));
  CHECK(commit(std::move(change)) == 1);
  CHECK(*ledger.log_size() == 0);
  CHECK(*other.log_size() == 1);
  append(ledger, 1);
}

TEST_CASE("a second change beside a living one aborts") {
  const LedgerHome home;
  auto ledger = home.open();
  CHECK_FALSE(aborts([&] { const auto first = begin(ledger); }));
  CHECK(aborts([&] {
    const auto first = begin(ledger);
    const auto second = begin(ledger);
  }));
}

TEST_CASE("a change cannot be used after its commit") {
  const LedgerHome home;
  auto ledger = home.open();
  CHECK(aborts([&] {
    auto change = begin(ledger);
    static_cast<void>(std::move(change).commit().has_value());
    static_cast<void>(std::move(change).commit().has_value());
  }));
}

TEST_CASE("a change may outlive the Ledger that began it") {
  const LedgerHome home;
  std::optional<Ledger> ledger = home.open();
  auto change = begin(*ledger);
  REQUIRE(change.append(event(0)));
  ledger.reset();
  CHECK(commit(std::move(change)) == 1);
  CHECK(*home.open().log_size() == 1);
}

TEST_CASE("after a refused step nothing of a change is recorded, and the ledger goes on") {
  const LedgerHome home;
  auto ledger = home.open();
  {
    auto change = begin(ledger);
    REQUIRE(change.append(event()));
    check_error(change.add_batch(batch_row("B-1")), ErrorKind::Integrity, "B-1");
    check_error(change.append(event()), ErrorKind::Integrity, "earlier step");
    check_error(std::move(change).commit(), ErrorKind::Integrity, "not recorded");
  }
  CHECK(*ledger.log_size() == 0);
  append(ledger, 1);
  CHECK(*ledger.verify() == 1);
}

TEST_CASE("rows of a batch that does not exist are refused at commit, and the ledger goes on") {
  const LedgerHome home;
  auto ledger = home.open();
  auto change = begin(ledger);
  REQUIRE(change.append(event()));
  REQUIRE(change.add_request(request_row(0)));
  check_error(std::move(change).commit(), ErrorKind::Integrity, "not recorded");
  CHECK(*ledger.log_size() == 0);
  CHECK_FALSE(ledger.request(kBatch, 0)->has_value());
  append(ledger, 1);
}

TEST_CASE("certificates whose plan does not follow are refused at commit, and the ledger goes on") {
  const LedgerHome home;
  auto ledger = home.open();
  auto change = begin(ledger);
  REQUIRE(change.add_batch(batch_row()));
  REQUIRE(change.add_certificate(certificate_row(0, 1)));
  REQUIRE(change.add_plan(plan_row("root")));
  check_error(std::move(change).commit(), ErrorKind::Integrity, "");
  CHECK_FALSE(ledger.by_serial("", Bytes{0x10, 1})->has_value());
  plan_batch(ledger);
}

TEST_CASE("an uncommitted change of a killed process is not there afterwards") {
  const LedgerHome home;
  CHECK(aborts([&] {
    auto ledger = home.open();
    append(ledger, 3);
    auto change = begin(ledger);
    REQUIRE(change.append(event(3)));
    std::abort();
  }));
  auto ledger = home.open();
  CHECK(*ledger.log_size() == 3);
  CHECK(*ledger.verify() == 3);
  append(ledger, 1);
}
