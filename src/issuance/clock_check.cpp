#include "sealroom/issuance/clock_check.hpp"

#include <fmt/format.h>

#include "sealroom/base/text.hpp"

namespace sealroom {
namespace {

using std::chrono::milliseconds;

constexpr std::string_view kTag = "clock";

// How far the wall clock went away from the boot clock since `entry`, which is of this boot.
milliseconds drift_since(const log::Entry& entry, const Clock& clock) {
  const auto wall = milliseconds(clock.now() - entry.context.time);
  const auto boot = clock.since_boot() - milliseconds(entry.context.boot_ms);
  return wall > boot ? wall - boot : boot - wall;
}

bool is_of_this_boot(const std::optional<log::Entry>& newest, const Clock& clock) {
  return newest && newest->context.boot_id == clock.boot_id();
}

Result<Done> note(const Work& work, std::string_view name, Json details) {
  auto receipt = record(work, {.name = std::string(name), .outcome = "ok", .details = std::move(details)}, kTag);
  if (!receipt) return pass_on(receipt);
  return Done{};
}

// The entries that are dated after `now`, and the certificates that were issued in them.
Result<Misdated> dated_after(const Ledger& ledger, Instant now) {
  Misdated misdated;
  auto size = ledger.log_size();
  if (!size) return pass_on(size);
  std::vector<std::pair<std::string, Bytes>> issued;
  auto read = ledger.each_line(0, *size, {}, [&](std::uint64_t seq, std::string_view line) -> Result<Done> {
    auto entry = log::parse_line(line);
    if (!entry) return pass_on(entry);
    if (entry->context.time <= now) return Done{};
    if (misdated.entries++ == 0) misdated.first_entry = seq;
    misdated.newest = std::max(misdated.newest, entry->context.time);
    const auto& details = entry->event.details;
    const auto serial = from_hex(details.value("serial", ""));
    if (entry->event.name == "certificate.issued" && serial) issued.emplace_back(details.value("issuer", ""), *serial);
    return Done{};
  });
  if (!read) return pass_on(read);
  for (const auto& [issuer, serial] : issued) {
    auto row = ledger.by_serial(issuer, serial);
    if (!row) return pass_on(row);
    if (*row) misdated.certificates.push_back(std::move(**row));
  }
  return misdated;
}

}  // namespace

Result<std::string> doubt_about_clock(const Ledger& ledger, const Clock& clock) {
  auto newest = newest_entry(ledger, kTag);
  if (!newest) return pass_on(newest);
  if (*newest && (*newest)->event.name != "clock.confirmed") {
    return (*newest)->event.details.value("reason", "the clock was doubted");
  }
  if (!is_of_this_boot(*newest, clock)) {
    return std::string("nobody has confirmed the time since this machine was started");
  }
  const auto drift = drift_since(**newest, clock);
  if (drift <= kClockTolerance) return std::string();
  return fmt::format("the clock was changed by {} s since the time was confirmed",
                     std::chrono::round<std::chrono::seconds>(drift).count());
}

Result<Done> clock_is_confirmed(const Ledger& ledger, const Clock& clock) {
  auto doubt = doubt_about_clock(ledger, clock);
  if (!doubt) return pass_on(doubt);
  if (doubt->empty()) return Done{};
  return fail(ErrorKind::NeedsPerson,
              fmt::format("the time must be confirmed: {}; this machine says {}", *doubt, to_rfc3339(clock.now())),
              "compare with a clock that you trust, then `sealroom unlock ... --confirm-time YYYY-MM-DDTHH:MMZ`");
}

Result<Done> confirm_clock(const Work& work, Instant told) {
  const auto now = work.appliance.clock.now();
  const auto apart = told > now ? told - now : now - told;
  if (apart > kClockTolerance) {
    return fail(ErrorKind::Usage,
                fmt::format("this machine says {} and you say {}: more than {} minutes apart", to_rfc3339(now),
                            to_rfc3339(told), kClockTolerance.count()),
                "set the clock of this machine, in UTC, and confirm again");
  }
  return note(work, "clock.confirmed", {{"told", to_rfc3339(told)}, {"by", "person"}});
}

Result<Done> confirm_clock_of_trial(const Work& work) {
  const auto& appliance = work.appliance;
  if (appliance.configuration.trial_pins().empty()) return Done{};
  auto newest = newest_entry(appliance.ledger, kTag);
  if (!newest) return pass_on(newest);
  if (*newest && (*newest)->event.name != "clock.confirmed") return Done{};
  if (is_of_this_boot(*newest, appliance.clock)) return Done{};
  return note(work, "clock.confirmed", {{"told", to_rfc3339(appliance.clock.now())}, {"by", "trial home"}});
}

Result<Done> doubt_after_silence(const Work& work) {
  const auto& appliance = work.appliance;
  auto newest = newest_entry(appliance.ledger);
  if (!newest) return pass_on(newest);
  if (!*newest) return Done{};
  const auto silence = appliance.clock.now() - (*newest)->context.time;
  if (silence <= appliance.configuration.longest_silence()) return Done{};
  return note(work, "clock.doubted",
              {{"reason", fmt::format("the newest log entry is {} days old",
                                      std::chrono::floor<std::chrono::days>(silence).count())}});
}

Result<Misdated> correct_clock(const Work& work) {
  const auto& ledger = work.appliance.ledger;
  const auto& clock = work.appliance.clock;
  if (clock_is_not_behind(ledger, clock)) {
    return fail(ErrorKind::Usage,
                "the newest log entry is not dated after the present, so there is nothing to correct");
  }
  auto misdated = dated_after(ledger, clock.now());
  if (!misdated) return misdated;
  Json certificates = Json::array();
  for (const auto& row : misdated->certificates)
    certificates.push_back({{"issuer", row.issuer}, {"serial", to_upper_hex(row.serial)}});
  auto change = work.begin_corrected();
  if (!change) return pass_on(change);
  auto seq = change->append({.name = "clock.corrected",
                             .outcome = "ok",
                             .details = {{"reason", "the clock was ahead and was set back"},
                                         {"newest", to_rfc3339(misdated->newest)},
                                         {"first_entry", misdated->first_entry},
                                         {"entries", misdated->entries},
                                         {"certificates", certificates}}},
                            kTag);
  if (!seq) return pass_on(seq);
  auto recorded = record_configuration(*change, work.appliance);
  if (!recorded) return pass_on(recorded);
  auto receipt = std::move(*change).commit();
  if (!receipt) return pass_on(receipt);
  return misdated;
}

}  // namespace sealroom
