#include "sealroom/policy/weak_key_list.hpp"

#include <fstream>

#include <catch2/catch.hpp>

#include "sealroom/crypto/crypto.hpp"
#include "sealroom/policy/read_configuration.hpp"
#include "support/reviewed_files.hpp"
#include "support/temporary_directory.hpp"

using namespace sealroom;
using namespace sealroom::testing;

namespace {

constexpr WeakKeyList::Fingerprint kKnown{0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99};
const std::string kList = "# weak keys\n\nffeeddccbbaa99887766\n00112233445566778899\n";

std::string refusal(std::string_view text) {
  const auto list = WeakKeyList::parse("weak-keys", as_bytes(text));
  if (list) return "accepted";
  CHECK(list.error().kind == ErrorKind::Usage);
  return list.error().message;
}

// A home whose sealroom.yaml names the list `path` with `sha256`.
std::string configure(const TemporaryDirectory& home, const std::string& path, const std::string& sha256) {
  std::filesystem::create_directories(home / "issuers");
  for (const std::string file : {"issuers/root.cnf", "issuers/intermediate.cnf"}) {
    home.write(file, reviewed_file(file));
  }
  std::string text = edited(settings_template(), "@MODULE@", "/usr/lib/vendor.so");
  text = edited(edited(text, "@ORIGIN@", "log.example"), "@TRIAL@", "");
  text += "\nkeys:\n  debian_weak_keys: {file: " + path + ", sha256: \"" + sha256 + "\"}\n";
  home.write("sealroom.yaml", text);
  const auto configuration = read_configuration(home / ".");
  if (!configuration) return configuration.error().message;
  const auto& list = configuration->keys().debian_weak_keys;
  return list && list->contains(kKnown) ? "known" : "unknown";
}

std::string digest_of(std::string_view text) { return to_hex(sha256(as_bytes(text))); }

}  // namespace

TEST_CASE("a list of weak keys knows its keys and no others") {
  const auto list = WeakKeyList::parse("weak-keys", as_bytes(kList));
  REQUIRE(list);
  CHECK(list->size() == 2);
  CHECK(list->contains(kKnown));
  auto other = kKnown;
  other.back() ^= 1;
  CHECK_FALSE(list->contains(other));
  CHECK(WeakKeyList::parse("weak-keys", as_bytes("00112233445566778899")));  // without its last line feed
}

TEST_CASE("a list of weak keys is refused with the line that is none") {
  CHECK(refusal("") == "weak-keys: names no key");
  CHECK(refusal("# nothing\n") == "weak-keys: names no key");
  for (const std::string line : {"0011223344556677889", "001122334455667788990", "0011223344556677889G",
                                 "00112233445566778899\r", " 0112233445566778899", "AA112233445566778899"}) {
    CHECK(refusal("00112233445566778899\n" + line + "\n") == "weak-keys:2: is not 20 lower-case hexadecimal digits");
  }
}

TEST_CASE("the configuration names a list of weak keys by its digest and reads it from the home") {
  const TemporaryDirectory home;
  home.write("weak-keys", kList);
  CHECK(configure(home, "weak-keys", digest_of(kList)) == "known");
  CHECK(configure(home, "weak-keys", digest_of("")).find("sha256 of weak-keys is " + digest_of(kList)) !=
        std::string::npos);
  CHECK(configure(home, "missing", digest_of(kList)).find("missing: No such file") != std::string::npos);
  std::filesystem::create_symlink("weak-keys", home / "link");
  CHECK(configure(home, "link", digest_of(kList)).find("link: is reached through a link") != std::string::npos);
  home.write("weak-keys", "rubbish\n");
  CHECK(configure(home, "weak-keys", digest_of("rubbish\n")).find("weak-keys:1: is not 20") != std::string::npos);
}
