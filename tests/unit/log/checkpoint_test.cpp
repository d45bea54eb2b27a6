#include <catch2/catch.hpp>

#include <openssl/evp.h>

#include "sealroom/crypto/crypto.hpp"
#include "sealroom/log/checkpoint.hpp"
#include "support/aborts.hpp"
#include "support/note_key.hpp"

using namespace sealroom;
using sealroom::testing::aborts;
using sealroom::testing::NoteKey;

namespace {

const NoteKey& ours() {
  static const NoteKey key;
  return key;
}

const NoteKey& witness() {
  static const NoteKey key;
  return key;
}

log::Checkpoint checkpoint() {
  return {.origin = "example.com/log", .size = 20852163, .root = sha256(as_bytes("root"))};
}

std::string good_note() {
  const auto text = log::note_text(checkpoint());
  return log::signed_note(checkpoint(), ours().key(), ours().sign(text));
}

// A note of any text, signed by our key.
std::string note_of(const std::string& text, const std::string& more = {}) {
  return text + "\n" + ours().line("example.com/log", text) + more;
}

void check_refused(const std::string& note, const std::string& reason) {
  CAPTURE(note);
  const auto read = log::verify_note(note, ours().key());
  REQUIRE_FALSE(read);
  CHECK(read.error().kind == ErrorKind::Integrity);
  CHECK_THAT(read.error().message, Catch::Contains(reason));
}

}  // namespace

TEST_CASE("the text of a checkpoint is origin, size and root") {
  const auto root = *digest_from_hex("0ac5186a91863e8e1d90c808014aa89bf5da8e3ee1d9f07630f0378f68f1ab62");
  CHECK(log::note_text({.origin = "example.com/behind-the-sofa", .size = 20852163, .root = root}) ==
        "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n");
}

// Keys of two public logs with the ids under which their notes are known.
TEST_CASE("key ids are those of other implementations") {
  const auto id_of = [](const char* spki) { return to_hex(log::key_id(*PublicKey::parse(*from_base64(spki)))); };
  CHECK(id_of("MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE2G2Y+2tabdTV5BcGiBIx0a9fAFwrkBbmLSGtks4L3qX6yYY0zufBnhC8Ur/iy55GhWP/"
              "9A/bY2LhC30M9+RYtw==") == "c0d23d6a");
  CHECK(id_of("MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE37jHQmTXJPC8sUj0Dg0N0ZlxfRqJZV1YzlclXLQzhVYPcC/JblDoez0DSZwOSlShiCf4"
              "oo83MULQfec3erolDw==") == "91c16e30");
}

TEST_CASE("a signed note verifies and gives its checkpoint") {
  const auto note = good_note();
  CHECK(note.starts_with(log::note_text(checkpoint()) + "\n\u2014 example.com/log "));
  CHECK(note.back() == '\n');
  const auto read = log::verify_note(note, ours().key());
  REQUIRE(read);
  CHECK(read->origin == checkpoint().origin);
  CHECK(read->size == checkpoint().size);
  CHECK(read->root == checkpoint().root);
}

TEST_CASE("the checkpoint of an empty log verifies") {
  CHECK(log::verify_note(note_of("example.com/log\n0\n" + to_base64(sha256({})) + "\n"), ours().key()));
}

TEST_CASE("any changed octet of a note is refused") {
  const auto good = good_note();
  for (std::size_t i = 0; i < good.size(); ++i) {
    auto note = good;
    note[i] = static_cast<char>(note[i] ^ 1);
    CAPTURE(i);
    CHECK_FALSE(log::verify_note(note, ours().key()));
  }
}

TEST_CASE("any cut of a note is refused") {
  const auto good = good_note();
  for (std::size_t size = 0; size < good.size(); ++size) {
    CAPTURE(size);
    CHECK_FALSE(log::verify_note(good.substr(0, size), ours().key()));
  }
}

TEST_CASE("a note by another key is refused") {
  const auto text = log::note_text(checkpoint());
  check_refused(text + "\n" + witness().line("example.com/log", text), "no signature by the log's key");
  check_refused(log::signed_note(checkpoint(), ours().key(), witness().sign(text)), "not valid");
}

TEST_CASE("what a note says is read whoever signed it, and as strictly") {
  const auto text = log::note_text(checkpoint());
  const auto read = log::read_note(text + "\n" + witness().line("example.com/log", text));
  REQUIRE(read);
  CHECK(read->size == checkpoint().size);
  CHECK(read->root == checkpoint().root);
  CHECK_FALSE(log::read_note(text));
  CHECK_FALSE(log::read_note("example.com/log\n05\n" + to_base64(Digest{}) + "\n\n"));
}

TEST_CASE("our key under another name is not our signature") {
  const auto text = log::note_text(checkpoint());
  check_refused(text + "\n" + ours().line("example.com/other", text), "no signature by the log's key");
}

TEST_CASE("signatures by other keys may stand beside ours, under whatever name") {
  const auto text = log::note_text(checkpoint());
  CHECK(log::verify_note(good_note() + witness().line("witness.example", text), ours().key()));
  CHECK(log::verify_note(good_note() + witness().line("example.com/log", text), ours().key()));
  CHECK(log::verify_note(text + "\n" + witness().line("w\u00e9.example", text) + ours().line("example.com/log", text),
                         ours().key()));
}

TEST_CASE("sixteen witnesses are not too many") {
  auto note = good_note();
  for (int i = 0; i < 16; ++i) {
    note += "\u2014 w" + std::to_string(i) + ".example " + to_base64(Bytes(5000, 7)) + "\n";
  }
  CHECK(log::verify_note(note, ours().key()));
  check_refused(note + std::string(256 * 1024, 'a'), "larger than");
}

TEST_CASE("two signatures by our key are refused") {
  check_refused(note_of(log::note_text(checkpoint()), ours().line("example.com/log", log::note_text(checkpoint()))),
                "twice");
}

TEST_CASE("signed texts that are no checkpoint are refused") {
  const auto root = to_base64(Digest{});
  check_refused(note_of("example.com/log\n5\n"), "a line each");
  check_refused(note_of("example.com/log\n5\n" + root + "\nextension\n"), "a line each");
  check_refused(note_of("example.com/log\n05\n" + root + "\n"), "the size");
  check_refused(note_of("example.com/log\n-5\n" + root + "\n"), "the size");
  check_refused(note_of("example.com/log\n\n" + root + "\n"), "the size");
  check_refused(note_of("example.com/log\n99999999999999999999\n" + root + "\n"), "the size");
  check_refused(note_of("example.com/log\n5\nAAAA\n"), "the root");
  check_refused(note_of("example.com/log\n5\n" + root.substr(0, 43) + "\n"), "the root");
  check_refused(note_of("example.com log\n5\n" + root + "\n"), "the origin");
}

TEST_CASE("malformed signature lines are refused, also those of others") {
  const auto good = good_note();
  const std::string dash = "\u2014";
  const std::vector<std::string> lines{"\n",
                                       "junk",
                                       "- name AAAAAAA=\n",
                                       dash + " name\n",
                                       dash + "name AAAAAAA=\n",
                                       dash + " name AAAA\n",
                                       dash + " name AAAAAAA= x\n",
                                       dash + " na+me AAAAAAA=\n",
                                       dash + "  AAAAAAA=\n",
                                       dash + " name AAAAAA==x\n",
                                       dash + " name AAAAAAA=",
                                       dash + " name AAAAAAA=\r\n"};
  for (const auto& line : lines) {
    CAPTURE(line);
    CHECK_FALSE(log::verify_note(good + line, ours().key()));
  }
  CHECK(log::verify_note(good + dash + " name AAAAAAA=\n", ours().key()));
}

TEST_CASE("invalid UTF-8 is refused in any place") {
  for (const char* octets :
       {"\x80", "\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xf8", "\xe2\x82"}) {
    CAPTURE(octets);
    check_refused(good_note() + "\u2014 w" + octets + " AAAAAAA=\n", "UTF-8");
  }
  CHECK(log::verify_note(good_note() + "\u2014 w\U0010ffff AAAAAAA=\n", ours().key()));
}

TEST_CASE("only an EC P-256 key can be a log's key") {
  const NoteKey other("P-384");
  const auto text = log::note_text(checkpoint());
  const auto read = log::verify_note(log::signed_note(checkpoint(), other.key(), other.sign(text)), other.key());
  REQUIRE_FALSE(read);
  CHECK_THAT(read.error().message, Catch::Contains("EC P-384"));
}

TEST_CASE("an origin is printable ASCII without blank and plus") {
  CHECK(log::is_origin("example.com/log"));
  CHECK(log::is_origin("!~"));
  CHECK_FALSE(log::is_origin(""));
  CHECK_FALSE(log::is_origin("a b"));
  CHECK_FALSE(log::is_origin("a+b"));
  CHECK_FALSE(log::is_origin("a\tb"));
  CHECK_FALSE(log::is_origin("\u00e9"));
  CHECK_FALSE(log::is_origin("a\x7f"));
  CHECK(aborts([] { log::note_text({.origin = "a b", .size = 0, .root = {}}); }));
}

TEST_CASE("notes that stand one behind another are told apart, and none of it is lost") {
  const auto note = good_note();
  const auto witnessed = note + "\u2014 witness AAAAAAA=\n";
  const auto together = note + witnessed + note;
  CHECK(log::split_notes(together) == std::vector<std::string_view>{note, witnessed, note});
  CHECK(log::split_notes("").empty());
  for (const std::string broken : {"x", "x\n", "\n\n", "a\n\n\u2014 b", "a\n\nb\n\n"}) {
    std::string all;
    for (const auto part : log::split_notes(broken)) all += part;
    CHECK(all == broken);
  }
}
