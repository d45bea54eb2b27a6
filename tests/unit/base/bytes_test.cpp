#include <catch2/catch.hpp>

#include "sealroom/base/bytes.hpp"

using namespace sealroom;

TEST_CASE("octets become lower or upper case digits, two each") {
  CHECK(to_hex({}).empty());
  CHECK(to_hex(Bytes{0x00, 0x0f, 0xa5, 0xff}) == "000fa5ff");
  CHECK(to_upper_hex(Bytes{0x00, 0x0f, 0xa5, 0xff}) == "000FA5FF");
}

TEST_CASE("hexadecimal digits in either case become octets") {
  CHECK(from_hex("") == Bytes{});
  CHECK(from_hex("00fFaB") == Bytes{0x00, 0xff, 0xab});
}

TEST_CASE("what is not an even number of hexadecimal digits is no hexadecimal") {
  CHECK_FALSE(from_hex("0"));
  CHECK_FALSE(from_hex("0g"));
  CHECK_FALSE(from_hex("g0"));
  CHECK_FALSE(from_hex(" 0"));
  CHECK_FALSE(from_hex("0x"));
  CHECK_FALSE(from_hex("@0"));
}

TEST_CASE("a digest has exactly 64 digits") {
  const std::string digits(64, 'a');
  const auto digest = digest_from_hex(digits);
  REQUIRE(digest);
  CHECK(to_hex(*digest) == digits);
  CHECK_FALSE(digest_from_hex(digits.substr(2)));
  CHECK_FALSE(digest_from_hex(digits + "aa"));
  CHECK_FALSE(digest_from_hex(""));
}

TEST_CASE("octets and text view each other") {
  const std::string_view text("a\0\xff", 3);
  CHECK(copy(as_bytes(text)) == Bytes{'a', 0x00, 0xff});
  CHECK(as_text(as_bytes(text)) == text);
  CHECK(equal(as_bytes(text), Bytes{'a', 0x00, 0xff}));
  CHECK_FALSE(equal(as_bytes(text), Bytes{'a', 0x00}));
}
