#include <catch2/catch.hpp>

#include "sealroom/log/events.hpp"
#include "sealroom/log/key_change.hpp"
#include "support/note_key.hpp"

using namespace sealroom;
using sealroom::testing::NoteKey;

namespace {

constexpr const char* kOrigin = "example.com/log";

const NoteKey& first() {
  static const NoteKey key;
  return key;
}

const NoteKey& second() {
  static const NoteKey key;
  return key;
}

log::KeyChange change_at(std::uint64_t size, log::Succession how, const NoteKey& from, const NoteKey& to) {
  return {.how = how,
          .origin = kOrigin,
          .size = size,
          .root = sha256(as_bytes("root")),
          .old_key = from.key(),
          .new_key = to.key()};
}

log::Entry entry_of(const log::KeyChange& change, const NoteKey& from, const NoteKey& to) {
  const auto statement = log::statement_of(change);
  log::Entry entry;
  entry.seq = change.size;
  entry.event = {.name = std::string(log::event_of(change.how)),
                 .outcome = "ok",
                 .details = log::details_of(change, from.sign(statement), to.sign(statement))};
  return entry;
}

log::Entry rotation() { return entry_of(change_at(7, log::Succession::Rotated, first(), second()), first(), second()); }

bool is_refused(const log::Entry& entry, std::string_view why) {
  const auto change = log::key_change_in(entry);
  return !change && change.error().kind == ErrorKind::Integrity &&
         change.error().message.find(why) != std::string::npos;
}

std::string note_of(std::uint64_t size, const NoteKey& by) {
  const log::Checkpoint checkpoint{.origin = kOrigin, .size = size, .root = sha256(as_bytes("root"))};
  return log::signed_note(checkpoint, by.key(), by.sign(log::note_text(checkpoint)));
}

}  // namespace

TEST_CASE("the statement is seven lines, as docs/audit-log.md has it") {
  const auto change = change_at(7, log::Succession::Rotated, first(), second());
  CHECK(log::statement_of(change) == "sealroom-log-key/1\nrotated\nexample.com/log\n7\n" + to_base64(change.root) +
                                         "\n" + to_hex(first().key().digest()) + "\n" +
                                         to_hex(second().key().digest()) + "\n");
}

TEST_CASE("a change of keys reads back from its entry, and other entries are none") {
  const auto rotated = log::key_change_in(rotation());
  REQUIRE(rotated);
  REQUIRE(*rotated);
  CHECK((*rotated)->new_key.digest() == second().key().digest());
  CHECK((*rotated)->size == 7);

  auto lost = change_at(7, log::Succession::Replaced, first(), second());
  lost.reason = "the token broke";
  const auto entry = entry_of(lost, first(), second());
  CHECK_FALSE(entry.event.details.contains("old_signature"));
  const auto replaced = log::key_change_in(entry);
  REQUIRE(replaced);
  CHECK((*replaced)->how == log::Succession::Replaced);
  CHECK((*replaced)->reason == "the token broke");

  log::Entry other;
  other.event.name = "key.generated";
  CHECK_FALSE(log::key_change_in(other)->has_value());
}

TEST_CASE("a change that a key has not signed is refused") {
  auto entry = rotation();
  auto& details = entry.event.details;
  SECTION("the old one") {
    details["old_signature"] = details["signature"];
    CHECK(is_refused(entry, "the old key has not signed it"));
  }
  SECTION("the old one is left out") {
    details.erase("old_signature");
    CHECK(is_refused(entry, "the old key has not signed it"));
  }
  SECTION("the new one") {
    details["signature"] = details["old_signature"];
    CHECK(is_refused(entry, "the new key has not signed it"));
  }
  SECTION("a rotation says nothing for a replacement") {
    entry.event.name = "log.key-replaced";
    CHECK(is_refused(entry, "the new key has not signed it"));
  }
  SECTION("of another log") {
    details["origin"] = "example.com/other";
    CHECK(is_refused(entry, "the new key has not signed it"));
  }
  SECTION("over another tree") {
    details["root"] = std::string(64, '0');
    CHECK(is_refused(entry, "the new key has not signed it"));
  }
  SECTION("at another place") {
    entry.seq = 8;
    CHECK(is_refused(entry, "it does not say which entry it is"));
  }
  SECTION("with a key that is not the one of its digest") {
    details["public_key"] = details["old_public_key"];
    CHECK(is_refused(entry, "its keys are not EC P-256 keys with their digests"));
  }
  SECTION("with something that is no key") {
    details["public_key"] = 7;
    CHECK(is_refused(entry, "its keys are not EC P-256 keys with their digests"));
  }
}

TEST_CASE("a key signs for its own time only") {
  log::LogKeys keys(first().key());
  REQUIRE(keys.add(change_at(7, log::Succession::Rotated, first(), second())));
  CHECK(keys.signer_of(7).digest() == first().key().digest());
  CHECK(keys.signer_of(8).digest() == second().key().digest());
  CHECK(log::verify_note(note_of(7, first()), keys));
  CHECK(log::verify_note(note_of(8, second()), keys));
  for (const auto& wrong : {note_of(8, first()), note_of(7, second())}) {
    const auto verified = log::verify_note(wrong, keys);
    REQUIRE_FALSE(verified);
    CHECK(verified.error().message.find("the log's key was then") != std::string::npos);
  }
  const NoteKey stranger;
  CHECK_FALSE(log::verify_note(note_of(8, stranger), keys));
}

TEST_CASE("changes follow each other") {
  const NoteKey third;
  log::LogKeys keys(first().key());
  REQUIRE(keys.add(change_at(7, log::Succession::Rotated, first(), second())));
  CHECK_FALSE(keys.add(change_at(9, log::Succession::Rotated, first(), third)));
  CHECK_FALSE(keys.add(change_at(7, log::Succession::Rotated, second(), third)));
  REQUIRE(keys.add(change_at(9, log::Succession::Replaced, second(), third)));
  CHECK(keys.newest().digest() == third.key().digest());
  const auto all = keys.newest_first();
  REQUIRE(all.size() == 3);
  CHECK(all.front().digest() == third.key().digest());
  CHECK(all.back().digest() == first().key().digest());
}
