#include <catch2/catch.hpp>

#include <thread>

#include "sealroom/base/time.hpp"

using namespace sealroom;

namespace {

Instant at(int year, unsigned month, unsigned day, int seconds = 0) {
  return std::chrono::sys_days{std::chrono::year{year} / month / day} + std::chrono::seconds{seconds};
}

}  // namespace

TEST_CASE("moments are written and read in RFC 3339") {
  const auto [instant, text] =
      GENERATE(table<Instant, std::string>({{at(2026, 11, 21, 36'000), "2026-11-21T10:00:00Z"},
                                            {at(1970, 1, 1), "1970-01-01T00:00:00Z"},
                                            {at(1969, 12, 31, 86'399), "1969-12-31T23:59:59Z"},
                                            {at(2028, 2, 29), "2028-02-29T00:00:00Z"},
                                            {at(9999, 12, 31, 86'399), "9999-12-31T23:59:59Z"}}));
  CHECK(to_rfc3339(instant) == text);
  CHECK(from_rfc3339(text) == instant);
}

TEST_CASE("seconds may be left out when reading") {
  CHECK(from_rfc3339("2026-11-21T10:05Z") == at(2026, 11, 21, 36'300));
}

TEST_CASE("what is not exactly a moment in UTC is refused") {
  const std::string text =
      GENERATE("", "2026-11-21", "2026-11-21T10:00:00", "2026-11-21T10:00:00+00:00", "2026-11-21 10:00:00Z",
               "2026-11-21T10:00:00z", "2026-11-21t10:00:00Z", "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z",
               "2026-00-01T00:00:00Z", "2026-01-00T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z",
               "2026-01-01T00:00:60Z", "+026-01-01T00:00:00Z", "2026-01-01T-1:00:00Z", "2026-1-01T00:00:000Z",
               "2026-11-21T10:00:00.5Z", " 2026-11-21T10:00Z", "2026-11-21T10:00Z\n");
  CHECK_FALSE(from_rfc3339(text));
}

TEST_CASE("a compact day sorts as the day does") { CHECK(to_compact_day(at(2026, 1, 9, 86'399)) == "20260109"); }

TEST_CASE("the kernel's clocks run forward and the boot has a name") {
  const SystemClock clock;
  const auto before = clock.since_boot();
  std::this_thread::sleep_for(std::chrono::milliseconds(5));
  CHECK(clock.since_boot() > before);
  CHECK(clock.now() > at(2024, 1, 1));
  CHECK(clock.boot_id().size() == 36);
  CHECK(clock.boot_id() == clock.boot_id());
}
