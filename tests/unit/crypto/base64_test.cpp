#include <catch2/catch.hpp>

#include "sealroom/crypto/crypto.hpp"

using namespace sealroom;

TEST_CASE("base64 is that of RFC 4648 section 10, both ways") {
  const auto [plain, encoded] = GENERATE(table<std::string, std::string>({{"", ""},
                                                                          {"f", "Zg=="},
                                                                          {"fo", "Zm8="},
                                                                          {"foo", "Zm9v"},
                                                                          {"foob", "Zm9vYg=="},
                                                                          {"fooba", "Zm9vYmE="},
                                                                          {"foobar", "Zm9vYmFy"}}));
  CHECK(to_base64(as_bytes(plain)) == encoded);
  const auto decoded = from_base64(encoded);
  REQUIRE(decoded);
  CHECK(as_text(*decoded) == plain);
}

TEST_CASE("octets of every value survive base64") {
  Bytes octets;
  for (int i = 0; i < 1000; ++i) octets.push_back(static_cast<std::uint8_t>(i * 7));
  for (std::size_t size = 0; size < octets.size(); ++size) {
    const Bytes some(octets.begin(), octets.begin() + static_cast<std::ptrdiff_t>(size));
    REQUIRE(from_base64(to_base64(some)) == some);
  }
}

TEST_CASE("text that is not exactly canonical base64 is refused") {
  const std::string text =
      GENERATE("Z", "Zg", "Zg=", "Zg===", "====", "=",
               "Z===", "Zh==", "Zm9=", "Zm9v====", "Zg==Zg==", " Zg==", "Zg== ", "Zg\n==", "Zm9v\n", "Zm9v    ", "    ",
               "Zm9*", "Zm9-", "Zm9_", "Zm=v", "=m9v", "Zm9v\r\n\r\n", "----", "Zm9-Zm9v");
  CHECK_FALSE(from_base64(text));
  CHECK_FALSE(from_base64(std::string_view("Zm9\0", 4)));
  CHECK_FALSE(from_base64("Zm9\xff"));
}
