#include <catch2/catch.hpp>

#include "sealroom/base/error.hpp"
#include "sealroom/base/once.hpp"

using namespace sealroom;

namespace {

Result<int> broken() { return fail(ErrorKind::Token, "token is absent", "insert it"); }

Result<Done> one_floor_up() {
  auto result = broken();
  return pass_on(result);
}

Result<Done> two_floors_up() {
  auto result = broken();
  return pass_on(result, "sign");
}

}  // namespace

TEST_CASE("an error keeps its kind, message and hint on the way up") {
  const auto same = one_floor_up();
  REQUIRE_FALSE(same);
  CHECK(same.error().kind == ErrorKind::Token);
  CHECK(same.error().message == "token is absent");
  CHECK(same.error().hint == "insert it");
  const auto placed = two_floors_up();
  REQUIRE_FALSE(placed);
  CHECK(placed.error().message == "sign: token is absent");
  CHECK(placed.error().hint == "insert it");
}

TEST_CASE("the kinds of errors are the programs' exit codes") {
  CHECK(static_cast<int>(ErrorKind::Failed) == 1);
  CHECK(static_cast<int>(ErrorKind::Usage) == 2);
  CHECK(static_cast<int>(ErrorKind::NeedsPerson) == 4);
  CHECK(static_cast<int>(ErrorKind::Token) == 5);
  CHECK(static_cast<int>(ErrorKind::Integrity) == 6);
}

TEST_CASE("a value that can be used once is read any number of times and taken once") {
  Once<std::string> once(std::string("value"));
  CHECK(*once == "value");
  CHECK(once->size() == 5);
  CHECK(std::move(once).take() == "value");
}
