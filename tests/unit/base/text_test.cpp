#include <catch2/catch.hpp>

#include "sealroom/base/text.hpp"

using namespace sealroom;

TEST_CASE("printable ASCII stays, everything else is escaped octet by octet") {
  CHECK(printable("a ~ Z 0") == "a ~ Z 0");
  CHECK(printable("a\\b") == "a\\\\b");
  CHECK(printable("a\nb\tc") == "a\\x0ab\\x09c");
  CHECK(printable("\x1b[31m\x7f\x80\xff") == "\\x1b[31m\\x7f\\x80\\xff");
  CHECK(printable(std::string_view("a\0b", 3)) == "a\\x00b");
  CHECK(printable("").empty());
}

TEST_CASE("two texts never look the same when they are printed") {
  CHECK(printable("\\x0a") != printable("\n"));
  CHECK(printable("\\\\x0a") != printable("\\\n"));
}

TEST_CASE("text for HTML cannot leave its element or attribute") {
  CHECK(html_escaped("<b a=\"1\" c='2'>&") == "&lt;b a=&quot;1&quot; c=&#39;2&#39;&gt;&amp;");
  CHECK(html_escaped("plain") == "plain");
}

TEST_CASE("splitting keeps empty parts") {
  using Parts = std::vector<std::string_view>;
  CHECK(split("a,b,,c", ',') == Parts{"a", "b", "", "c"});
  CHECK(split("", ',') == Parts{""});
  CHECK(split(",", ',') == Parts{"", ""});
  CHECK(split("abc", ',') == Parts{"abc"});
}

TEST_CASE("trimming takes blanks and tabs from both ends and nothing else") {
  CHECK(trimmed(" \ta b\t ") == "a b");
  CHECK(trimmed("").empty());
  CHECK(trimmed(" \t").empty());
  CHECK(trimmed("\na") == "\na");
}

TEST_CASE("only ASCII letters are lower-cased") { CHECK(ascii_lower("AbZ[@`\xc3\x84") == "abz[@`\xc3\x84"); }
