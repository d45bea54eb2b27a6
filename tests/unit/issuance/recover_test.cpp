#include <catch2/catch.hpp>

#include <algorithm>

#include "sealroom/issuance/recovery.hpp"
#include "test_appliance.hpp"

using namespace sealroom;
using namespace sealroom::testing;

namespace {

// What a crash leaves: the first certificate of the batch is started, and nobody knows what came of it.
std::string suspect_of(const Work& work, const std::string& batch) {
  auto& ledger = work.appliance.ledger;
  const auto row = must(ledger.certificates(batch, "intermediate")).front();
  const auto serial = to_upper_hex(row.serial);
  auto change = must(work.begin());
  const auto entry = must(change.append({.name = "certificate.started",
                                         .outcome = "ok",
                                         .details = {{"batch", batch},
                                                     {"issuer", "intermediate"},
                                                     {"plan", to_hex(must(ledger.plan(batch, "intermediate"))->digest)},
                                                     {"serial", serial},
                                                     {"reason", "test"},
                                                     {"tbs_sha256", to_hex(sha256(row.to_be_signed))}}},
                                        batch));
  must(change.set_state(row.id, CertificateState::Started, entry));
  must(std::move(change).commit());
  return serial;
}

}  // namespace

TEST_CASE("suspects of two batches: what fails between them leaves the second to the next recovery") {
  TestAppliance appliance(1);
  const auto first = appliance.plan_clients(1), second = appliance.plan_clients(1);
  const auto serials = std::set{suspect_of(appliance.work(), first), suspect_of(appliance.work(), second)};
  int asked = 0;
  auto work = appliance.work();
  work.stopping = [&] { return ++asked > 1; };  // asked before each request
  REQUIRE_FALSE(recover(work, Gaps::Keep));
  REQUIRE(must(appliance.ledger().started()).size() == 1);
  CHECK(must(appliance.ledger().started()).front().batch == second);
  CHECK_FALSE(sign(appliance.work(), first, ""));

  const auto recovered = must(recover(appliance.work(), Gaps::Keep));
  CHECK(recovered.burned.size() == 1);
  REQUIRE(recovered.planned.size() == 1);
  CHECK(recovered.planned.front().accepted == 1);
  CHECK(must(appliance.ledger().started()).empty());
  CHECK(appliance.serials(first, "certificate.abandoned").size() == 1);
  CHECK(appliance.serials(second, "certificate.abandoned").size() == 1);
  std::uint64_t issued = 0;
  for (const auto& batch : must(appliance.ledger().batches())) {
    if (batch.id > second) issued += must(sign(appliance.work(), batch.id, "")).issued;
  }
  CHECK(issued == 2);
  for (const auto& row : must(appliance.ledger().issued("intermediate", 0, 100)))
    CHECK_FALSE(serials.contains(to_upper_hex(row.serial)));
}

TEST_CASE("what was begun with a key and has no outcome stops no other signing, and is closed") {
  TestAppliance appliance(1);
  const auto batch = appliance.plan_clients(1);
  for (const auto* owner : {"root", "intermediate"}) {
    must(record(appliance.work(),
                {.name = "issuer.requesting",
                 .outcome = "ok",
                 .details = {{"issuer", owner}, {"token_serial", "1"}, {"tbs_sha256", to_hex(sha256({}))}}},
                key_tag(owner)));
  }
  CHECK(must(sign(appliance.work(), batch, "")).issued == 1);
  const auto recovered = must(recover(appliance.work(), Gaps::Keep));
  CHECK(recovered.keys.size() == 2);
  CHECK(recovered.burned.empty());
  CHECK(must(recover(appliance.work(), Gaps::Keep)).keys.empty());
}
