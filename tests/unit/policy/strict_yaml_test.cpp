#include "sealroom/policy/strict_yaml.hpp"

#include <catch2/catch.hpp>

using namespace sealroom;

namespace {

std::string refusal(const std::string& text) {
  const auto value = read_yaml("x.yaml", text);
  if (value) return "accepted";
  CHECK(value.error().kind == ErrorKind::Usage);
  return value.error().message;
}

YamlValue good(const std::string& text) {
  auto value = read_yaml("x.yaml", text);
  if (!value) throw std::runtime_error(value.error().message);
  return std::move(*value);
}

// The message of the error, or the value.
std::string text_of(const std::string& scalar) {
  const auto root = good("a: " + scalar);
  const auto text = root.find("a")->text("a");
  return text ? "<" + *text + ">" : text.error().message;
}

std::string number_of(const std::string& scalar) {
  const auto root = good("a: " + scalar);
  const auto number = root.find("a")->number("a", 1, 1'000);
  return number ? std::to_string(*number) : number.error().message;
}

}  // namespace

TEST_CASE("mappings, lists and texts are read in order and with their lines") {
  const auto root = good("# comment\nb: x\na:\n  - one\n  - {k: 'two'}\nc:\n  d: >-\n    folded\n    text\n");
  REQUIRE(root.kind() == YamlValue::Kind::Mapping);
  REQUIRE(root.members().size() == 3);
  CHECK(root.members()[0].key == "b");
  CHECK(root.members()[0].value.where() == "x.yaml:2");
  const auto* list = root.find("a");
  REQUIRE(list != nullptr);
  CHECK(list->line() == 3);
  REQUIRE(list->items().size() == 2);
  CHECK(list->items()[1].line() == 5);
  CHECK(*list->items()[1].find("k")->text("k") == "two");
  CHECK(root.find("c")->find("d")->line() == 7);
  CHECK(*root.find("c")->find("d")->text("d") == "folded text");
  CHECK(root.find("e") == nullptr);
  CHECK(good("a: 1\r\nb: 2\r\n").members().size() == 2);
}

TEST_CASE("only text that YAML takes for text is text without quotes") {
  CHECK(text_of("plain words") == "<plain words>");
  CHECK(text_of("\"12\"") == "<12>");
  CHECK(text_of("'no'") == "<no>");
  CHECK(text_of("\"\"") == "<>");
  CHECK(text_of("deadbeef") == "<deadbeef>");
  CHECK(text_of("1a-name") == "<1a-name>");
  CHECK(text_of("pkcs11:token=x;type=private") == "<pkcs11:token=x;type=private>");
  for (const std::string scalar :
       {"12", "0x1f", "1.5", "-1", "1e3", "2026-11-21", "12:30", "yes", "No", "true", "on", ".5"}) {
    INFO(scalar);
    CHECK(text_of(scalar) == "x.yaml:1: a must be a text, and " + scalar + " is none to YAML");
  }
  CHECK(text_of("null") == "x.yaml:1: a must be a text");
  CHECK(text_of("~") == "x.yaml:1: a must be a text");
  CHECK(text_of("") == "x.yaml:1: a must be a text");
  CHECK(text_of("[x]") == "x.yaml:1: a must be a text");
  CHECK(text_of("\"a\\nb\"") == "x.yaml:1: a must be one line of printable ASCII");
  CHECK(text_of("\"\\x41\"") == "<A>");
  CHECK(text_of("\"\\xe4\"") == "x.yaml:1: a must be one line of printable ASCII");
}

TEST_CASE("only plain decimal digits are a number") {
  CHECK(number_of("1") == "1");
  CHECK(number_of("1000") == "1000");
  for (const std::string scalar : {"0", "1001", "010", "+1", "-1", "0x10", "1.0", "1e2", "\"1\"", "one", "1_000", "[1]",
                                   "99999999999999999999", "''"}) {
    INFO(scalar);
    CHECK(number_of(scalar) == "x.yaml:1: a must be a plain number from 1 to 1000");
  }
}

TEST_CASE("an unknown key is named with its line and the known ones") {
  const auto root = good("a: 1\nb: 2\n");
  CHECK(root.mapping_of("thing", {"a", "b"}));
  const auto shape = root.mapping_of("thing", {"a", "c"});
  REQUIRE_FALSE(shape);
  CHECK(shape.error().message == "x.yaml:2: unknown key b in thing");
  CHECK(shape.error().hint == "known are a, c");
  CHECK_FALSE(good("[a]").mapping("thing"));
  CHECK_FALSE(root.sequence("thing"));
  CHECK(root.member("thing", "a"));
  CHECK_FALSE(root.member("thing", "c"));
}

TEST_CASE("what YAML can and settings need not is refused") {
  CHECK(refusal("a: 1\na: 2\n") == "x.yaml:2: key a stands twice, first in line 1");
  CHECK(refusal("a: {b: 1, b: 2}\n") == "x.yaml:1: key b stands twice, first in line 1");
  CHECK(refusal("a: &x 1\n") == "x.yaml:1: anchors are not accepted");
  CHECK(refusal("a: &x {b: 1}\n") == "x.yaml:1: anchors are not accepted");
  CHECK_THAT(refusal("a: *x\n"), Catch::StartsWith("x.yaml:1: "));
  CHECK(refusal("a: !!str 1\n") == "x.yaml:1: tags are not accepted");
  CHECK(refusal("a: !x {}\n") == "x.yaml:1: tags are not accepted");
  CHECK(refusal("<<: {a: 1}\n") == "x.yaml:1: merge keys are not accepted");
  CHECK(refusal("? [a]\n: 1\n") == "x.yaml:1: a key must be a text");
  CHECK(refusal("? {a: 1}\n: 1\n") == "x.yaml:1: a key must be a text");
  CHECK(refusal("%YAML 1.2\n---\na: 1\n") == "x.yaml:1: YAML directives are not accepted");
  CHECK(refusal("a: 1\n---\nb: 1\n") == "x.yaml: holds more than one document");
  CHECK(refusal("") == "x.yaml: holds nothing");
  CHECK(refusal("# nothing\n") == "x.yaml: holds nothing");
  CHECK(refusal("a:\n\tb: 1\n") == "x.yaml:2: octet \\x09 is not printable ASCII");
  CHECK(refusal("a: \xC3\xA4\n") == "x.yaml:1: octet \\xc3 is not printable ASCII");
  CHECK(refusal("a: [1\n") .starts_with("x.yaml:2: not YAML: "));
  CHECK(refusal("---\na: 1\n") == "accepted");
}

TEST_CASE("nesting and size are bounded") {
  const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  CHECK(refusal(nested(16)) == "accepted");
  CHECK(refusal(nested(17)) == "x.yaml:1: nested deeper than 16");
  CHECK(refusal(std::string(60'000, '[')).starts_with("x.yaml:1: "));
  CHECK(refusal(std::string(60'000, '{')).starts_with("x.yaml:1: "));
  CHECK(refusal("a: " + std::string(65'533, 'x')) == "accepted");
  CHECK(refusal("a: " + std::string(65'534, 'x')) == "x.yaml: longer than 65536 octets");
}

TEST_CASE("quoted text is read back as it was") {
  for (const std::string text : {"", "plain", "a \"b\" \\ c", "# no comment", "- x: {}", "no", "'"}) {
    CHECK(*good("a: " + yaml_quoted(text)).find("a")->text("a") == text);
  }
}
