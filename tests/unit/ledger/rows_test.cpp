#include "ledger_fixture.hpp"

using namespace sealroom;
using namespace sealroom::testing;

namespace {

KeyRow key_row(std::string owner) {
  return {.owner = std::move(owner),
          .uri = "pkcs11:token=t",
          .token_label = "t",
          .token_serial = "0123",
          .key_id = {1, 2},
          .public_key = {3, 0, 4},
          .evidence = R"({"sensitive":true})",
          .created = at("2026-11-21T10:00:00Z")};
}

void add_batch(Ledger& ledger, const std::string& id) {
  auto change = begin(ledger);
  REQUIRE(change.add_batch(batch_row(id)));
  commit(std::move(change));
}

}  // namespace

TEST_CASE("a key is bound to its owner once") {
  const LedgerHome home;
  auto ledger = home.open();
  CHECK_FALSE(ledger.key("root")->has_value());
  {
    auto change = begin(ledger);
    REQUIRE(change.put_key(key_row("root")));
    REQUIRE(change.put_key(key_row("log")));
    commit(std::move(change));
  }
  const auto stored = *ledger.key("root");
  REQUIRE(stored);
  CHECK(stored->uri == "pkcs11:token=t");
  CHECK(stored->token_label == "t");
  CHECK(stored->token_serial == "0123");
  CHECK(stored->key_id == Bytes{1, 2});
  CHECK(stored->public_key == Bytes{3, 0, 4});
  CHECK(stored->evidence == R"({"sensitive":true})");
  CHECK(stored->created == at("2026-11-21T10:00:00Z"));
  REQUIRE(ledger.keys()->size() == 2);
  CHECK(ledger.keys()->at(0).owner == "log");

  SECTION("the same key again changes nothing") {
    auto again = key_row("root");
    again.evidence = "{}";
    auto change = begin(ledger);
    REQUIRE(change.put_key(again));
    commit(std::move(change));
    CHECK((*ledger.key("root"))->evidence == R"({"sensitive":true})");
  }
  SECTION("another key is an integrity error") {
    auto other = key_row("root");
    SECTION("by its public key") { other.public_key = {5}; }
    SECTION("by its id") { other.key_id = {5}; }
    SECTION("by its token") { other.token_serial = "9999"; }
    auto change = begin(ledger);
    check_error(change.put_key(other), ErrorKind::Integrity, "root: has another key already");
  }
  SECTION("a copy of it elsewhere takes its place") {
    auto copy = key_row("root");
    copy.token_serial = "9999";
    copy.key_id = {5};
    copy.evidence = "{}";
    auto change = begin(ledger);
    REQUIRE(change.move_key(copy));
    commit(std::move(change));
    const auto moved = *ledger.key("root");
    CHECK(moved->token_serial == "9999");
    CHECK(moved->key_id == Bytes{5});
    CHECK(moved->evidence == "{}");
    CHECK(moved->created == stored->created);
  }
  SECTION("what is no copy of it does not") {
    auto other = key_row("root");
    SECTION("by its public key") { other.public_key = {5}; }
    SECTION("by its owner") { other.owner = "nobody"; }
    auto change = begin(ledger);
    check_error(change.move_key(other), ErrorKind::Integrity, "does not have this key");
  }
}

TEST_CASE("another key takes the place of an owner's, where there is one") {
  const LedgerHome home;
  auto ledger = home.open();
  {
    auto change = begin(ledger);
    REQUIRE(change.put_key(key_row("log")));
    commit(std::move(change));
  }
  auto next = key_row("log");
  next.public_key = {9, 9};
  next.token_serial = "4712";
  next.entry = 3;
  auto change = begin(ledger);
  SECTION("and is there instead") {
    REQUIRE(change.change_key(next));
    commit(std::move(change));
    const auto stored = *ledger.key("log");
    CHECK(stored->public_key == Bytes{9, 9});
    CHECK(stored->token_serial == "4712");
    CHECK(stored->entry == 3);
  }
  SECTION("and not where there is none") {
    next.owner = "root";
    check_error(change.change_key(next), ErrorKind::Integrity, "root: has no key");
  }
}

TEST_CASE("an issuer is replaced with its chain") {
  const LedgerHome home;
  auto ledger = home.open();
  CHECK_FALSE(ledger.issuer("root")->has_value());
  {
    auto change = begin(ledger);
    REQUIRE(change.put_issuer({.name = "root", .state = "requested", .request = {7}, .chain = {{1}, {2}, {3}}}));
    REQUIRE(change.put_issuer({.name = "intermediate", .state = "configured", .request = {}, .chain = {}}));
    commit(std::move(change));
  }
  CHECK((*ledger.issuer("root"))->chain == std::vector<Bytes>{{1}, {2}, {3}});
  {
    auto change = begin(ledger);
    REQUIRE(change.put_issuer({.name = "root", .state = "active", .request = {7}, .chain = {{9}, {8}}}));
    commit(std::move(change));
  }
  const auto issuers = *ledger.issuers();
  REQUIRE(issuers.size() == 2);
  CHECK(issuers[0].name == "intermediate");
  CHECK(issuers[0].request.empty());
  CHECK(issuers[0].chain.empty());
  CHECK(issuers[1].state == "active");
  CHECK(issuers[1].request == Bytes{7});
  CHECK(issuers[1].chain == std::vector<Bytes>{{9}, {8}});
}

TEST_CASE("an issuer's state is one of the documented ones") {
  const LedgerHome home;
  auto ledger = home.open();
  auto change = begin(ledger);
  check_error(change.put_issuer({.name = "root", .state = "odd", .request = {}, .chain = {}}), ErrorKind::Integrity,
              "constraint");
}

TEST_CASE("batch identifiers count up within a day and are never given twice") {
  const LedgerHome home;
  auto ledger = home.open();
  const auto day = at("2026-11-21T23:59:59Z");
  CHECK(*ledger.next_batch_id(day) == "B-20261121-0001");
  CHECK(*ledger.next_batch_id(day, {"B-20261121-0001", "B-20261121-0002", "B-20261121-0004"}) == "B-20261121-0003");
  add_batch(ledger, "B-20261121-0001");
  CHECK(*ledger.next_batch_id(day) == "B-20261121-0002");
  CHECK(*ledger.next_batch_id(day + std::chrono::seconds{1}) == "B-20261122-0001");
  add_batch(ledger, "B-20261121-0007");
  CHECK(*ledger.next_batch_id(day) == "B-20261121-0008");
  add_batch(ledger, "B-20261121-9999");
  CHECK(*ledger.next_batch_id(day) == "B-20261121-10000");
  add_batch(ledger, "B-20261121-10000");
  CHECK(*ledger.next_batch_id(day) == "B-20261121-10001");
  auto change = begin(ledger);
  check_error(change.add_batch(batch_row("B-20261121-0007")), ErrorKind::Integrity, "constraint");
}

TEST_CASE("only identifiers of the documented form make batches") {
  const LedgerHome home;
  auto ledger = home.open();
  for (const char* id :
       {"", "B-20261121-1", "B-20261121-0000", "B-20261121-00001", "b-20261121-0001", "B-2026112-00001",
        "B-20261121-000x", "B-20261121_0001", "B-20261121-0001 ", "B-20261121-9999999999999"}) {
    CAPTURE(id);
    auto change = begin(ledger);
    check_error(change.add_batch(batch_row(id)), ErrorKind::Integrity, "identifier");
  }
}

TEST_CASE("batches read back, newest first") {
  const LedgerHome home;
  auto ledger = home.open();
  for (const char* id : {"B-20261121-9999", "B-20261121-10000", "B-20261122-0001"}) add_batch(ledger, id);
  const auto batches = *ledger.batches();
  REQUIRE(batches.size() == 3);
  CHECK(batches[0].id == "B-20261122-0001");
  CHECK(batches[1].id == "B-20261121-10000");
  CHECK(batches[2].id == "B-20261121-9999");
  const auto batch = *ledger.batch("B-20261122-0001");
  REQUIRE(batch);
  CHECK(batch->created == at("2026-11-21T10:00:00Z"));
  CHECK(batch->requests == 3);
  CHECK(batch->accepted == 2);
  CHECK(batch->ignored == "[]");
  CHECK_FALSE(ledger.batch("B-20261122-0002")->has_value());
}

TEST_CASE("requests read back in order, with every octet of their path") {
  const LedgerHome home;
  auto ledger = home.open();
  constexpr std::uint64_t kCount = 100;  // more than are read at once
  {
    auto change = begin(ledger);
    REQUIRE(change.add_batch(batch_row()));
    REQUIRE(change.add_batch(batch_row("B-20261121-0002")));
    for (std::uint64_t i = kCount; i-- > 0;) REQUIRE(change.add_request(request_row(i)));
    auto odd = request_row(0, "B-20261121-0002");
    odd.path = std::string("a\xff\0b\n", 5);
    odd.octets.clear();
    odd.digest = Digest{};
    REQUIRE(change.add_request(odd));
    commit(std::move(change));
  }
  std::uint64_t seen = 0;
  REQUIRE(ledger.each_request(kBatch, [&](const RequestRow& row) -> Result<Done> {
    CHECK(row.position == seen++);
    return Done{};
  }));
  CHECK(seen == kCount);
  const auto odd = *ledger.request("B-20261121-0002", 0);
  REQUIRE(odd);
  CHECK(odd->path == std::string("a\xff\0b\n", 5));
  CHECK(odd->octets.empty());
  const auto plain = *ledger.request(kBatch, 42);
  REQUIRE(plain);
  CHECK(plain->name == "42");
  CHECK(plain->issuer == "intermediate");
  CHECK(plain->profile == "server_cert");
  CHECK(plain->octets == Bytes{1, 2, 3});
  CHECK(plain->digest == request_row(42).digest);
  CHECK(plain->verdict == "{}");
  CHECK_FALSE(ledger.request(kBatch, kCount)->has_value());

  seen = 0;
  const auto stopped = ledger.each_request(kBatch, [&](const RequestRow&) -> Result<Done> {
    if (++seen == 50) return fail(ErrorKind::Failed, "enough");
    return Done{};
  });
  check_error(stopped, ErrorKind::Failed, "enough");
  CHECK(seen == 50);
}

TEST_CASE("plans read back, one for each issuer") {
  const LedgerHome home;
  auto ledger = home.open();
  {
    auto change = begin(ledger);
    REQUIRE(change.add_plan(plan_row("root", R"({"root":1})")));
    REQUIRE(change.add_plan(plan_row("intermediate")));
    REQUIRE(change.add_batch(batch_row()));
    commit(std::move(change));
  }
  const auto plans = *ledger.plans(kBatch);
  REQUIRE(plans.size() == 2);
  CHECK(plans[0].issuer == "intermediate");
  CHECK(plans[1].issuer == "root");
  const auto plan = *ledger.plan(kBatch, "root");
  REQUIRE(plan);
  CHECK(plan->document == R"({"root":1})");
  CHECK(plan->digest == sha256(as_bytes(R"({"root":1})")));
  CHECK(plan->valid_until == at("2026-11-24T10:00:00Z"));
  CHECK_FALSE(ledger.plan(kBatch, "other")->has_value());
  CHECK(ledger.plans("B-20261121-0002")->empty());
}

TEST_CASE("state names read back") {
  for (const char* name : {"planned", "approved", "started", "issued", "refused", "rejected", "expired", "abandoned"}) {
    const auto state = certificate_state_from(name);
    REQUIRE(state);
    CHECK(name_of(*state) == name);
  }
  CHECK_FALSE(certificate_state_from("Planned"));
  CHECK_FALSE(certificate_state_from(""));
}
