#include <catch2/catch.hpp>

#include <algorithm>
#include <atomic>

#include "test_appliance.hpp"

using namespace sealroom;
using namespace sealroom::testing;

namespace {

constexpr std::uint64_t kManyEntries = 20'001;
constexpr std::size_t kClients = 230;  // three groups

// A log that has gone on for long without a checkpoint; gives its size.
std::uint64_t let_go_on(const Work& work) {
  auto change = must(work.begin());
  for (std::uint64_t i = 0; i < kManyEntries; ++i)
    must(change.append({.name = "daemon.stopped", .outcome = "ok", .details = Json::object()}));
  return must(std::move(change).commit()).log_size();
}

}  // namespace

TEST_CASE("long signing makes a checkpoint on its way, over what is durable") {
  TestAppliance appliance(2);
  const auto batch = appliance.plan_clients(kClients);
  const auto before = must(checkpoint(appliance.work())).size;
  const auto had = let_go_on(appliance.work());
  const auto calls = appliance.shim().calls("C_Sign");
  REQUIRE(must(sign(appliance.work(), batch, "")).issued == kClients);
  const auto made = must(appliance.ledger().checkpoints(before + 1, 10));
  REQUIRE(made.size() == 2);
  CHECK(made.front().size > had);
  CHECK(made.back().size == must(appliance.ledger().log_size()));
  CHECK(static_cast<std::size_t>(appliance.shim().calls("C_Sign") - calls) == kClients + made.size());
  CHECK(must(appliance.ledger().verify()) == made.back().size);
}

TEST_CASE("what cannot be covered on the way is recorded all the same") {
  TestAppliance appliance(2);
  const auto batch = appliance.plan_clients(kClients);
  const auto had = let_go_on(appliance.work());
  std::atomic<bool> locked = false;
  auto work = appliance.work();
  work.stopping = [&] {
    if (!locked.exchange(true)) must(lock(appliance.work(), kLogOwner, "asked"));
    return false;
  };
  const auto failed = sign(work, batch, "");
  REQUIRE_FALSE(failed);
  CHECK(failed.error().kind == ErrorKind::NeedsPerson);
  CHECK(must(appliance.ledger().checkpoints(had, 10)).empty());
  CHECK(must(appliance.ledger().started()).empty());
  const auto rows = must(appliance.ledger().certificates(batch, "intermediate"));
  CHECK(std::ranges::all_of(rows, [](const auto& row) { return row.state == CertificateState::Issued; }));
}
