#include "sealroom/base/time.hpp"

#include <time.h>

#include <array>
#include <fstream>

#include <fmt/format.h>

namespace sealroom {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

std::optional<int> number(std::string_view digits) {
  int value = 0;
  for (const char c : digits) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  return value;
}

}  // namespace

std::string to_rfc3339(Instant instant) {
  const auto day = std::chrono::floor<days>(instant);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss time{instant - day};
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", int(date.year()), unsigned(date.month()),
                     unsigned(date.day()), time.hours().count(), time.minutes().count(), time.seconds().count());
}

std::optional<Instant> from_rfc3339(std::string_view text) {
  const bool with_seconds = text.size() == 20;
  if (!with_seconds && text.size() != 17) return std::nullopt;
  const std::string_view pattern = with_seconds ? "0000-00-00T00:00:00Z" : "0000-00-00T00:00Z";
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (pattern[i] != '0' && text[i] != pattern[i]) return std::nullopt;
  }
  const std::array parts{number(text.substr(0, 4)),  number(text.substr(5, 2)),  number(text.substr(8, 2)),
                         number(text.substr(11, 2)), number(text.substr(14, 2)),
                         with_seconds ? number(text.substr(17, 2)) : std::optional<int>(0)};
  for (const auto& part : parts) {
    if (!part) return std::nullopt;
  }
  const std::chrono::year_month_day date{std::chrono::year{*parts[0]}, std::chrono::month{unsigned(*parts[1])},
                                         std::chrono::day{unsigned(*parts[2])}};
  if (!date.ok() || *parts[3] > 23 || *parts[4] > 59 || *parts[5] > 59) return std::nullopt;
  return std::chrono::sys_days{date} + hours{*parts[3]} + minutes{*parts[4]} + seconds{*parts[5]};
}

std::string to_compact_day(Instant instant) {
  const std::chrono::year_month_day date{std::chrono::floor<days>(instant)};
  return fmt::format("{:04}{:02}{:02}", int(date.year()), unsigned(date.month()), unsigned(date.day()));
}

Instant SystemClock::now() const {
  return std::chrono::floor<seconds>(std::chrono::system_clock::now());
}

std::chrono::milliseconds SystemClock::since_boot() const {
  timespec now{};
  clock_gettime(CLOCK_BOOTTIME, &now);
  return seconds{now.tv_sec} + std::chrono::milliseconds{now.tv_nsec / 1'000'000};
}

std::string SystemClock::boot_id() const {
  std::string id;
  std::ifstream("/proc/sys/kernel/random/boot_id") >> id;
  return id;
}

}  // namespace sealroom
