#include <catch2/catch.hpp>

#include <algorithm>
#include <atomic>

#include "test_appliance.hpp"

using namespace sealroom;
using namespace sealroom::testing;

namespace {

// Large enough for two groups.
constexpr std::size_t kClients = 130;

std::size_t state_count(const TestAppliance& appliance, const std::string& batch, CertificateState state) {
  const auto rows = must(appliance.ledger().certificates(batch, "intermediate"));
  return static_cast<std::size_t>(std::ranges::count(rows, state, &CertificateRow::state));
}

// Every certificate that was issued has its entry, verifies under the chain, and is in the ledger once.
void check_issued(const TestAppliance& appliance, const std::string& batch) {
  const auto above = must(chain_of(appliance.ledger(), "intermediate"));
  for (const auto& row : must(appliance.ledger().certificates(batch, "intermediate"))) {
    if (row.state != CertificateState::Issued) continue;
    std::vector<Certificate> chain{must(IssuedCertificate::read(appliance.ledger(), row)).certificate()};
    chain.insert(chain.end(), above.begin(), above.end());
    for (const auto moment : {row.not_before, row.not_after - std::chrono::seconds{1}}) {
      CHECK(verify_chain(chain, moment, "sslclient"));
    }
  }
}

}  // namespace

TEST_CASE("a batch is signed in the order of its plan, whatever the number of threads") {
  const auto threads = GENERATE(1U, 3U);
  TestAppliance appliance(threads);
  const auto batch = appliance.plan_clients(kClients);
  const auto before = appliance.shim().calls("C_Sign");
  const auto signed_batch = must(sign(appliance.work(), batch, ""));
  CHECK(signed_batch.issued == kClients);
  CHECK(appliance.shim().calls("C_Sign") - before == kClients + 1);  // the checkpoint's
  const auto planned = appliance.serials(batch, "certificate.planned");
  CHECK(planned.size() == kClients);
  CHECK(appliance.serials(batch, "certificate.started") == planned);
  CHECK(appliance.serials(batch, "certificate.issued") == planned);
  check_issued(appliance, batch);
  CHECK(must(appliance.ledger().verify()) > kClients);
  CHECK(appliance.shim().calls("C_Login") == 3);
}

TEST_CASE("a plan that this process does not remember is drafted anew, and comes to the same octets") {
  TestAppliance appliance(3);
  const auto batch = appliance.plan_clients(kClients);
  auto work = appliance.work();
  const auto chain = must(IssuerChain::verify(must(chain_of(appliance.ledger(), "intermediate"))));
  const auto plan = must(appliance.ledger().plan(batch, "intermediate")).value();
  CHECK(work.appliance.own_plans.made(plan.digest, chain));
  CHECK_FALSE(work.appliance.own_plans.made(plan.digest, must(IssuerChain::verify({chain.above().front()}))));
  work.appliance.own_plans = {};
  CHECK_FALSE(work.appliance.own_plans.made(plan.digest, chain));
  CHECK(must(sign(work, batch, "")).issued == kClients);
  check_issued(appliance, batch);
}

TEST_CASE("a token that fails burns what it had in hand; what was signed counts, and the rest is planned as before") {
  const unsigned threads = 3;
  TestAppliance appliance(threads);
  const auto batch = appliance.plan_clients(kClients);
  appliance.shim().plan("C_Sign:60+=CKR_DEVICE_ERROR");
  const auto failed = sign(appliance.work(), batch, "");
  appliance.shim().plan("");
  REQUIRE_FALSE(failed);
  CHECK(failed.error().kind == ErrorKind::Token);
  CHECK(failed.error().message.find("59 certificate(s)") != std::string::npos);
  CHECK(must(appliance.ledger().started()).empty());
  CHECK(state_count(appliance, batch, CertificateState::Issued) == 59);
  const auto burned = state_count(appliance, batch, CertificateState::Abandoned);
  CHECK(burned >= 1);
  CHECK(burned <= threads);
  CHECK(state_count(appliance, batch, CertificateState::Planned) == kClients - 59 - burned);

  CHECK(must(sign(appliance.work(), batch, "")).issued == kClients - 59 - burned);
  check_issued(appliance, batch);
}

TEST_CASE("one wrong signature is burned, and its neighbours in the token are not") {
  TestAppliance appliance(3);
  const auto batch = appliance.plan_clients(kClients);
  appliance.shim().plan("C_Sign:40=corrupt");
  const auto failed = sign(appliance.work(), batch, "");
  appliance.shim().plan("");
  REQUIRE_FALSE(failed);
  CHECK(failed.error().message.find("does not verify") != std::string::npos);
  CHECK(state_count(appliance, batch, CertificateState::Abandoned) == 1);
  CHECK(state_count(appliance, batch, CertificateState::Issued) >= 39);
  CHECK(must(appliance.ledger().started()).empty());
  check_issued(appliance, batch);
}

TEST_CASE("a daemon that is about to end stops at the next certificate, and nothing is left without an outcome") {
  TestAppliance appliance(3);
  const auto batch = appliance.plan_clients(kClients);
  std::atomic<int> asked = 0;
  auto work = appliance.work();
  work.stopping = [&] { return ++asked > 30; };
  REQUIRE_FALSE(sign(work, batch, ""));
  CHECK(must(appliance.ledger().started()).empty());
  const auto issued = state_count(appliance, batch, CertificateState::Issued);
  CHECK(issued > 0);
  CHECK(issued < 40);
  CHECK(state_count(appliance, batch, CertificateState::Planned) == kClients - issued);
  CHECK(must(sign(appliance.work(), batch, "")).issued == kClients - issued);
}

TEST_CASE("a token without sessions for every thread signs with those that it has") {
  TestAppliance appliance(4);
  const auto batch = appliance.plan_clients(kClients);
  appliance.shim().plan("C_OpenSession=CKR_SESSION_COUNT");  // from now on: the one that libp11 has must do
  CHECK(must(sign(appliance.work(), batch, "")).issued == kClients);
  appliance.shim().plan("");
  check_issued(appliance, batch);
}

// The time of the batch's entry with this name; of the first, if there are several.
Instant time_of(const TestAppliance& appliance, const std::string& batch, const std::string& event) {
  std::optional<Instant> time;
  must(appliance.ledger().each_line(0, must(appliance.ledger().log_size()), batch,
                                    [&](std::uint64_t, std::string_view line) -> Result<Done> {
                                      const auto entry = must(log::parse_line(line));
                                      if (entry.event.name == event && !time) time = entry.context.time;
                                      return Done{};
                                    }));
  return time.value();
}

TEST_CASE("a plan is not made later than its entry says, whenever the second ends") {
  TestAppliance appliance(1);
  int looks = 0;
  for (bool all = false; !all; ++looks) {
    appliance.clock().put_forward(1, looks);
    const auto batch = appliance.plan_clients(1);
    all = !appliance.clock().is_put_forward();
    CHECK(must(appliance.ledger().plan(batch, "intermediate")).value().created <=
          time_of(appliance, batch, "plan.recorded"));
  }
  CHECK(looks > 2);
}

TEST_CASE("nothing is started after its plan has ended, whenever that is") {
  constexpr int kLongerThanAPlan = 73 * 60 * 60;
  TestAppliance appliance(1);
  int issued = 0;
  int expired = 0;
  for (int looks = 0; issued == 0 || looks < 12; ++looks) {
    const auto batch = appliance.plan_clients(1);
    appliance.clock().put_forward(kLongerThanAPlan, looks);
    const auto signed_batch = sign(appliance.work(), batch, "");
    const auto plan = must(appliance.ledger().plan(batch, "intermediate")).value();
    if (state_count(appliance, batch, CertificateState::Issued) == 1) {
      ++issued;
      CHECK(time_of(appliance, batch, "certificate.started") <= plan.valid_until);
    } else if (signed_batch) {
      ++expired;
      CHECK(state_count(appliance, batch, CertificateState::Expired) == 1);
    }
  }
  CHECK(expired > 1);
}
