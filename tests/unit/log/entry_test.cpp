#include <catch2/catch.hpp>

#include "sealroom/crypto/crypto.hpp"
#include "sealroom/log/canonical.hpp"
#include "sealroom/log/entry.hpp"
#include "support/aborts.hpp"

using namespace sealroom;
using sealroom::testing::aborts;

namespace {

log::Context context() {
  return {.time = *from_rfc3339("2026-11-21T10:00:00Z"),
          .boot_id = "8a3c",
          .boot_ms = 123456,
          .actor = {.uid = 1000, .pid = 42, .role = "officer"},
          .software = "sealroom 0.1.0",
          .configuration = std::string(64, 'a')};
}

log::Event event() { return {.name = "batch.imported", .outcome = "ok", .details = {{"batch", "B-20261121-0001"}}}; }

std::string good_line() { return log::line_of(7, sha256({}), context(), event()); }

// The good line with one change to its members, canonical again.
std::string changed(const std::function<void(Json&)>& change) {
  Json value = Json::parse(good_line());
  change(value);
  return log::canonical(value);
}

void check_refused(const std::string& line, const std::string& reason) {
  CAPTURE(line);
  const auto entry = log::parse_line(line);
  REQUIRE_FALSE(entry);
  CHECK(entry.error().kind == ErrorKind::Integrity);
  CHECK_THAT(entry.error().message, Catch::Contains(reason));
}

}  // namespace

TEST_CASE("the octets of an entry are as documented") {
  CHECK(good_line() == R"({"actor":{"pid":42,"role":"officer","uid":1000},"boot":"8a3c","boot_ms":123456,)"
                       R"("configuration":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",)"
                       R"("details":{"batch":"B-20261121-0001"},"event":"batch.imported","outcome":"ok",)"
                       R"("prev":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","seq":7,)"
                       R"("software":"sealroom 0.1.0","time":"2026-11-21T10:00:00Z","type":"sealroom-log/1"})");
}

TEST_CASE("a line reads back as what was written") {
  const auto entry = log::parse_line(good_line());
  REQUIRE(entry);
  CHECK(entry->seq == 7);
  CHECK(entry->previous == sha256({}));
  CHECK(entry->context.time == context().time);
  CHECK(entry->context.boot_id == "8a3c");
  CHECK(entry->context.boot_ms == 123456);
  CHECK(entry->context.actor.uid == 1000);
  CHECK(entry->context.actor.pid == 42);
  CHECK(entry->context.actor.role == "officer");
  CHECK(entry->context.software == "sealroom 0.1.0");
  CHECK(entry->context.configuration == std::string(64, 'a'));
  CHECK(entry->event.name == "batch.imported");
  CHECK(entry->event.outcome == "ok");
  CHECK(entry->event.details == event().details);
  CHECK(log::line_of(entry->seq, entry->previous, entry->context, entry->event) == good_line());
}

TEST_CASE("an entry from before there was a configuration reads back") {
  auto before = context();
  before.configuration.clear();
  CHECK(log::parse_line(log::line_of(0, Digest{}, before, event())));
}

TEST_CASE("the uid nobody has, 2^32 - 1, reads back") {
  auto odd = context();
  odd.actor.uid = 4294967295U;
  const auto entry = log::parse_line(log::line_of(0, Digest{}, odd, event()));
  REQUIRE(entry);
  CHECK(entry->context.actor.uid == 4294967295U);
}

TEST_CASE("a line that is not canonical is refused") {
  check_refused(good_line() + "\n", "canonical");
  check_refused(" " + good_line(), "canonical");
  check_refused("{}x", "canonical");
  check_refused("", "canonical");
  check_refused("[]", "not an object");
  check_refused("7", "not an object");
}

TEST_CASE("each missing member is named") {
  const auto name = GENERATE(as<std::string>{}, "type", "seq", "prev", "time", "boot", "boot_ms", "event", "outcome",
                             "actor", "software", "configuration", "details");
  check_refused(changed([&](Json& value) { value.erase(name); }), "\"" + name + "\"");
}

TEST_CASE("each member of a wrong type is named") {
  const auto name = GENERATE(as<std::string>{}, "type", "seq", "prev", "time", "boot", "boot_ms", "event", "outcome",
                             "actor", "software", "configuration", "details");
  check_refused(changed([&](Json& value) { value[name] = true; }), "\"" + name + "\"");
}

TEST_CASE("values that line_of would not write are refused") {
  check_refused(changed([](Json& value) { value["type"] = "sealroom-log/2"; }), "\"type\"");
  check_refused(changed([](Json& value) { value["seq"] = -1; }), "\"seq\"");
  check_refused(changed([](Json& value) { value["prev"] = std::string(64, 'A'); }), "\"prev\"");
  check_refused(changed([](Json& value) { value["prev"] = std::string(62, 'a'); }), "\"prev\"");
  check_refused(changed([](Json& value) { value["time"] = "2026-11-21T10:00Z"; }), "\"time\"");
  check_refused(changed([](Json& value) { value["time"] = "2026-02-30T10:00:00Z"; }), "\"time\"");
  check_refused(changed([](Json& value) { value["event"] = ""; }), "\"event\"");
  check_refused(changed([](Json& value) { value["outcome"] = "fine"; }), "\"outcome\"");
  check_refused(changed([](Json& value) { value["configuration"] = "abc"; }), "\"configuration\"");
  check_refused(changed([](Json& value) { value["details"] = Json::array(); }), "\"details\"");
  check_refused(changed([](Json& value) { value["actor"]["uid"] = 4294967296; }), "\"actor\"");
  check_refused(changed([](Json& value) { value["actor"]["name"] = "eve"; }), "\"actor\"");
  check_refused(changed([](Json& value) { value["actor"].erase("role"); }), "\"actor\"");
  check_refused(changed([](Json& value) { value["more"] = 1; }), "not known");
}

TEST_CASE("members of a later version are passed over where that is asked for, and nothing else is") {
  const auto more = changed([](Json& value) {
    value["more"] = 1;
    value["actor"]["name"] = "eve";
  });
  const auto entry = log::parse_line(more, log::UnknownMembers::Accept);
  REQUIRE(entry);
  CHECK(entry->event.name == event().name);
  CHECK_FALSE(log::parse_line(more + " ", log::UnknownMembers::Accept));
  const auto less = changed([](Json& value) { value.erase("boot"); });
  CHECK_FALSE(log::parse_line(less, log::UnknownMembers::Accept));
}

TEST_CASE("an event that could not be read back aborts when it is written") {
  CHECK_FALSE(aborts([] { good_line(); }));
  CHECK(aborts([] { log::line_of(0, Digest{}, context(), {.name = "", .outcome = "ok"}); }));
  CHECK(aborts([] { log::line_of(0, Digest{}, context(), {.name = "x", .outcome = "good"}); }));
  CHECK(aborts([] { log::line_of(0, Digest{}, context(), {.name = "x", .outcome = "ok", .details = nullptr}); }));
  CHECK(aborts([] {
    auto odd = context();
    odd.configuration = "not a digest";
    log::line_of(0, Digest{}, odd, event());
  }));
}
