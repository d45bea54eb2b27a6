#include "sealroom/wire/message.hpp"

#include <catch2/catch.hpp>

namespace sealroom::wire {
namespace {

TEST_CASE("every kind of error survives the wire with its message and hint") {
  const auto kind = GENERATE(ErrorKind::Failed, ErrorKind::Usage, ErrorKind::NeedsPerson, ErrorKind::Token,
                             ErrorKind::Integrity);
  const auto object = error_object({kind, "a.csr: names a\\x0ab", "read it again"});
  CHECK(object.at("code") == -32000 - static_cast<int>(kind));
  const auto back = error_from(Json::parse(object.dump()));
  CHECK(back.kind == kind);
  CHECK(back.message == "a.csr: names a\\x0ab");
  CHECK(back.hint == "read it again");
}

TEST_CASE("an error without data takes its kind from the code") {
  CHECK(error_from({{"code", -32005}, {"message", "m"}}).kind == ErrorKind::Token);
  CHECK(error_from({{"code", -32602}, {"message", "m"}}).kind == ErrorKind::Usage);
  CHECK(error_from({{"code", 7}, {"message", "m"}}).kind == ErrorKind::Failed);
}

TEST_CASE("an error object of any shape gives an error") {
  const auto object = GENERATE(Json(), Json(7), Json::array(), Json::object(),
                               Json{{"code", "x"}, {"message", 1}, {"data", 2}},
                               Json{{"data", {{"kind", "unheard-of"}, {"hint", Json::array()}}}});
  const auto error = error_from(object);
  CHECK(error.kind == ErrorKind::Failed);
  CHECK_FALSE(error.message.empty());
  CHECK(error.hint.empty());
}

TEST_CASE("octets that a terminal would obey do not pass through an error") {
  CHECK(error_from({{"code", -32001}, {"message", "a\x1b[2Jb"}}).message == "a\\x1b[2Jb");
  CHECK_NOTHROW(error_object({ErrorKind::Failed, "broken \xff text"}).dump());
}

}  // namespace
}  // namespace sealroom::wire
