#include "sealroom/issuance/release.hpp"

#include <catch2/catch.hpp>

#include "test_appliance.hpp"

using namespace sealroom;
using namespace sealroom::testing;

TEST_CASE("a batch leaves with the same content, whatever the number of threads that look at it") {
  constexpr std::size_t kClients = 70;
  TestAppliance appliance(4);
  const auto batch = appliance.plan_clients(kClients);
  const auto look = [&](unsigned threads) {
    return must(Release::of(appliance.ledger(), appliance.work().appliance.configuration, batch, threads));
  };
  const auto planned = look(4);
  CHECK(planned.missing() == kClients);
  CHECK(planned.content() == look(1).content());

  CHECK(must(sign(appliance.work(), batch, "")).issued == kClients);
  const auto issued = look(4);
  CHECK(issued.missing() == 0);
  CHECK(issued.parts() == 2 * kClients + 3);
  CHECK(issued.content() == look(1).content());
  CHECK(issued.content() != planned.content());
}
