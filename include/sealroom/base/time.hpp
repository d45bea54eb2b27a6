#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sealroom {

// A moment in UTC with a resolution of one second, as certificates have it.
using Instant = std::chrono::sys_seconds;

// "2026-11-21T10:00:00Z" (RFC 3339, UTC).
std::string to_rfc3339(Instant instant);

// Reads exactly the form that to_rfc3339 writes, or the same without seconds; nothing for anything else.
std::optional<Instant> from_rfc3339(std::string_view text);

// "20261121", the day in a batch's identifier.
std::string to_compact_day(Instant instant);

// What the time of day and of this boot is. Below apps/ it is always a parameter.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Instant now() const = 0;                      // wall clock, UTC
  virtual std::chrono::milliseconds since_boot() const = 0;  // CLOCK_BOOTTIME
  virtual std::string boot_id() const = 0;              // /proc/sys/kernel/random/boot_id
};

// The kernel's clocks.
class SystemClock final : public Clock {
 public:
  Instant now() const override;
  std::chrono::milliseconds since_boot() const override;
  std::string boot_id() const override;
};

}  // namespace sealroom
