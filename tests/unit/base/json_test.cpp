#include <catch2/catch.hpp>

#include "sealroom/base/json.hpp"

using namespace sealroom;

namespace {

std::string nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

std::string refusal(std::string_view text) {
  const auto parsed = parse_json(text, "frame");
  REQUIRE_FALSE(parsed);
  CHECK(parsed.error().kind == ErrorKind::Usage);
  return parsed.error().message;
}

}  // namespace

TEST_CASE("one JSON value is parsed") {
  const auto parsed = parse_json(R"( {"a": [1, -2, true, null, "x"], "b": {"a": 9007199254740993}} )", "frame");
  REQUIRE(parsed);
  CHECK((*parsed)["a"][4] == "x");
  CHECK((*parsed)["b"]["a"] == 9007199254740993);
}

TEST_CASE("duplicate members are refused in every object, and only there") {
  CHECK(refusal(R"({"a": 1, "a": 1})").find("\"a\" stands twice") != std::string::npos);
  CHECK(refusal(R"({"a": {"b": 1, "b": 2}})").find("\"b\"") != std::string::npos);
  CHECK(refusal(R"([{"a\u001b": 1, "\u0061\u001b": 2}])").find("a\\x1b") != std::string::npos);
  CHECK(parse_json(R"({"a": {"a": 1}, "b": [{"a": 1}, {"a": 1}]})", "frame"));
}

TEST_CASE("nesting is bounded at 32") {
  CHECK(parse_json(nested(32), "frame"));
  CHECK(refusal(nested(33)).find("32") != std::string::npos);
  CHECK(refusal(std::string(1'000'000, '[')).find("32") != std::string::npos);
}

TEST_CASE("values are bounded where the caller wants it, lists and objects among them") {
  constexpr std::string_view text = R"({"a": [1, {}], "b": null})";  // five
  CHECK(parse_json(text, "frame", 5));
  const auto parsed = parse_json(text, "frame", 4);
  REQUIRE_FALSE(parsed);
  CHECK(parsed.error().message == "frame: has more than 4 values");
  CHECK(parse_json("[" + std::string(1'000, '[') + "]", "frame", 10).error().message.find("10 values") !=
        std::string::npos);
}

TEST_CASE("a number that is too large is refused in words of ours") {
  CHECK(refusal("1e999") == "frame: a number is out of range");
}

TEST_CASE("floating point numbers and numbers beyond 64 bits are refused") {
  const std::string text =
      GENERATE("1.0", "[1e3]", "{\"a\": 0.1}", "99999999999999999999", "1e999", "-99999999999999999999");
  refusal(text);
}

TEST_CASE("what is not one JSON value in UTF-8 is refused") {
  const std::string text = GENERATE("", "{", "{} {}", "nul", "'a'", "{a: 1}", "[1,]", "\"\xff\"", "\"\xc0\xaf\"",
                                    "\"\n\"", "// a\n1", "01", "NaN", "\"\\ud800\"");
  CHECK(refusal(text).starts_with("frame: is not JSON"));
}

TEST_CASE("nothing stands behind the value, not even behind a NUL") {
  CHECK(refusal(std::string_view("1\0", 2)).starts_with("frame: is not JSON"));
  CHECK(refusal(std::string_view("{}\0{\"a\": 1}", 11)).starts_with("frame: is not JSON"));
  CHECK(refusal("1 2").starts_with("frame: is not JSON"));
}
