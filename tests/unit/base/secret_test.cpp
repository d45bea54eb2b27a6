#include <catch2/catch.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <fstream>
#include <type_traits>

#include "sealroom/base/file.hpp"
#include "sealroom/base/secret.hpp"
#include "support/run_program.hpp"

using namespace sealroom;
using sealroom::testing::memory_file;

namespace {

Result<Secret> read_from(std::string_view content) {
  const Fd fd = memory_file(content);
  return Secret::read(fd.get(), "PIN for token x");
}

// The flags of the mapping that holds `address` ("lo" locked, "dd" not dumped), as the kernel tells.
std::string mapping_flags(const void* address) {
  std::ifstream maps("/proc/self/smaps");
  std::string line;
  bool inside = false;
  const auto wanted = reinterpret_cast<std::uintptr_t>(address);
  while (std::getline(maps, line)) {
    unsigned long from = 0;
    unsigned long to = 0;
    if (std::sscanf(line.c_str(), "%lx-%lx ", &from, &to) == 2) inside = wanted >= from && wanted < to;
    if (inside && line.starts_with("VmFlags:")) return line;
  }
  return {};
}

}  // namespace

TEST_CASE("a secret is read with one line end dropped") {
  const std::string text = GENERATE("1234", "1234\n", "1234\r\n");
  const auto secret = read_from(text);
  REQUIRE(secret);
  CHECK(as_text(secret->view()) == "1234");
}

TEST_CASE("blanks and odd octets belong to a secret") {
  const auto secret = read_from(" pass w\xc3\xb6rd \n");
  REQUIRE(secret);
  CHECK(as_text(secret->view()) == " pass w\xc3\xb6rd ");
}

TEST_CASE("an empty secret, two lines and NUL are refused without being repeated") {
  const std::string text =
      GENERATE(std::string(), std::string("\n"), std::string("\r\n"), std::string("s3cret\nmore\n"),
               std::string("s3cret\n\n"), std::string("s3cret\rmore"), std::string("s3cret\0x", 8));
  const auto secret = read_from(text);
  REQUIRE_FALSE(secret);
  CHECK(secret.error().kind == ErrorKind::Usage);
  CHECK(secret.error().message.starts_with("PIN for token x: "));
  CHECK((secret.error().message + secret.error().hint).find("s3cret") == std::string::npos);
}

TEST_CASE("the longest secret is exact, with any line end") {
  const std::string longest(Secret::kMaximum, 'x');
  CHECK(read_from(longest));
  CHECK(read_from(longest + "\n"));
  CHECK(read_from(longest + "\r\n"));
  CHECK_FALSE(read_from(longest + "x"));
  CHECK_FALSE(read_from(longest + "x\r\n"));
  CHECK_FALSE(read_from(longest + longest));
}

TEST_CASE("a secret comes through a pipe in pieces") {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  const Fd reading(ends[0]);
  Fd writing(ends[1]);
  REQUIRE(write_all(writing.get(), as_bytes("12"), "pipe"));
  REQUIRE(write_all(writing.get(), as_bytes("34\n"), "pipe"));
  writing = Fd();
  const auto secret = Secret::read(reading.get(), "PIN");
  REQUIRE(secret);
  CHECK(as_text(secret->view()) == "1234");
}

TEST_CASE("a descriptor that cannot be read is an error") { CHECK_FALSE(Secret::read(-1, "PIN")); }

TEST_CASE("the memory of a secret is locked and left out of core dumps") {
  const auto secret = Secret::copy_of(as_bytes("1234"));
  REQUIRE(secret);
  const auto flags = mapping_flags(secret->view().data());
  CHECK(flags.find(" dd") != std::string::npos);
#ifndef __SANITIZE_ADDRESS__  // AddressSanitizer turns mlock(2) into nothing
  CHECK(flags.find(" lo") != std::string::npos);
#endif
}

TEST_CASE("a secret has one owner") {
  static_assert(!std::is_copy_constructible_v<Secret> && !std::is_copy_assignable_v<Secret>);
  auto first = Secret::copy_of(as_bytes("1234"));
  auto second = Secret::copy_of(as_bytes("567"));
  REQUIRE((first && second));
  Secret moved(std::move(*first));
  CHECK(first->empty());
  CHECK(first->view().data() == nullptr);
  moved = std::move(*second);
  CHECK(as_text(moved.view()) == "567");
  CHECK(second->empty());
}

TEST_CASE("an empty secret holds no memory") {
  const auto secret = Secret::copy_of({});
  REQUIRE(secret);
  CHECK(secret->empty());
  CHECK(Secret().empty());
}
