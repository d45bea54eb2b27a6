#include <catch2/catch.hpp>

#include "sealroom/log/events.hpp"

using namespace sealroom;

TEST_CASE("an event with all its members is as described, and may have more") {
  log::Event event{.name = "token.locked", .outcome = "ok", .details = {{"owner", "root"}, {"reason", "idle"}}};
  CHECK_FALSE(log::fault_of(event));
  event.details["more"] = 1;
  CHECK_FALSE(log::fault_of(event));
  CHECK_FALSE(log::fault_of({.name = "daemon.stopped", .outcome = "ok"}));
}

TEST_CASE("an event that lacks a member, or is not known, is told") {
  const auto lacking = log::fault_of({.name = "token.locked", .outcome = "ok", .details = {{"owner", "root"}}});
  REQUIRE(lacking);
  CHECK_THAT(*lacking, Catch::Contains("\"reason\""));
  const auto unknown = log::fault_of({.name = "token.unheard-of", .outcome = "ok"});
  REQUIRE(unknown);
  CHECK_THAT(*unknown, Catch::Contains("is not known"));
}
