#include <catch2/catch.hpp>

#include "sealroom/log/canonical.hpp"
#include "support/aborts.hpp"

using namespace sealroom;
using sealroom::testing::aborts;

namespace {

Json nested(unsigned depth) {
  Json value = 1;
  for (unsigned i = 0; i < depth; ++i) value = Json::array({value});
  return value;
}

}  // namespace

TEST_CASE("members are sorted and nothing is written that is not needed") {
  const Json value{{"b", {1, -2, true}}, {"a", {{"z", nullptr}, {"B", false}}}, {"", ""}};
  CHECK(log::canonical(value) == R"({"":"","a":{"B":false,"z":null},"b":[1,-2,true]})");
}

TEST_CASE("keys are ordered by their octets, capitals first") {
  CHECK(log::canonical({{"b", 1}, {"A", 2}, {"a", 3}, {"10", 4}, {"1", 5}, {"_", 6}}) ==
        R"({"1":5,"10":4,"A":2,"_":6,"a":3,"b":1})");
}

TEST_CASE("only quotation mark and backslash are escaped in strings") {
  CHECK(log::canonical("a\"b\\c/d~ ") == R"("a\"b\\c/d~ ")");
}

TEST_CASE("what canonical writes is canonical") {
  const Json value{{"text", "a\"\\"}, {"list", Json::array()}, {"object", Json::object()}, {"n", 9007199254740991}};
  CHECK(log::parse_canonical(log::canonical(value)) == value);
}

TEST_CASE("integers up to 2^53 - 1 are written and larger ones abort") {
  CHECK(log::canonical(9007199254740991) == "9007199254740991");
  CHECK(log::canonical(-9007199254740991) == "-9007199254740991");
  CHECK(log::canonical(std::uint64_t{9007199254740991}) == "9007199254740991");
  CHECK(aborts([] { log::canonical(9007199254740992); }));
  CHECK(aborts([] { log::canonical(-9007199254740992); }));
  CHECK(aborts([] { log::canonical(std::uint64_t{18446744073709551615U}); }));
}

TEST_CASE("values outside the restriction abort") {
  CHECK(aborts([] { log::canonical(1.0); }));
  CHECK(aborts([] { log::canonical("line\nfeed"); }));
  CHECK(aborts([] { log::canonical("\x7f"); }));
  CHECK(aborts([] { log::canonical("\xc3\xa9"); }));
  CHECK(aborts([] { log::canonical({{"k\xc3\xa9y", 1}}); }));
  CHECK_FALSE(aborts([] { log::canonical("plain"); }));
}

TEST_CASE("32 levels are written and 33 abort, as parse_json reads 32") {
  CHECK(log::parse_canonical(log::canonical(nested(32))));
  CHECK(aborts([] { log::canonical(nested(33)); }));
}

TEST_CASE("a number that is read has the type that parse_json gives it") {
  for (const auto* text : {"0", "1", "-1", "9007199254740991", "-9007199254740991"}) {
    CHECK(log::parse_canonical(text)->type() == parse_json(text, "a number")->type());
  }
}

TEST_CASE("another spelling of the same value is not canonical") {
  CHECK(log::parse_canonical(R"({"a":1,"b":"x"})"));
  const auto other =
      GENERATE(as<std::string>{}, R"({"b":"x","a":1})", R"({"a": 1,"b":"x"})", R"({"a":1,"b":"x"} )",
               R"({"a":1,"b":"x"}
)",
               R"({"a":1,"b":"\u0078"})", R"({"a":-0,"b":"x"})", R"({"a":1.0,"b":"x"})", R"({"a":1e0,"b":"x"})",
               R"({"a":1,"a":1,"b":"x"})", "\xef\xbb\xbf{\"a\":1}", R"({"a":"\/"})", "{\"a\":\"\xc3\xa9\"}",
               R"({"a":"\u00e9"})", R"({"a":9007199254740992})", R"({"a":1)", "", "nul", "nullx", "01", "-", "+1",
               "-9007199254740992", "18446744073709551616", "[1,]", "[,1]", R"({"a":1,})", R"({"a")", R"("a)", "\"\\",
               R"("\n")", "\"\x7f\"", std::string(33, '[') + std::string(33, ']'), std::string("1\0", 2));
  CAPTURE(other);
  CHECK_FALSE(log::parse_canonical(other));
}
