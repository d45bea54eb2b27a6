#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "sealroom/base/bytes.hpp"
#include "sealroom/base/error.hpp"
#include "sealroom/base/json.hpp"
#include "sealroom/base/time.hpp"

namespace sealroom::log {

// Who asked. Peers are identified by the kernel (SO_PEERCRED), not by what they say.
struct Actor {
  std::uint32_t uid = 0;
  std::int32_t pid = 0;
  std::string role;  // "admin", "officer", "operator", "auditor", or "daemon" for the daemon's own acts
};

// What surrounds an event: taken once for each change to the ledger.
struct Context {
  Instant time;
  std::string boot_id;
  std::uint64_t boot_ms = 0;  // milliseconds of CLOCK_BOOTTIME
  Actor actor;
  std::string software;       // version of the program
  std::string configuration;  // hex SHA-256 of the configuration in force, "" before there is one
};

// What happened: a name from docs/formats.md, "ok", "refused" or "error", and the details of that event.
struct Event {
  std::string name;
  std::string outcome;
  Json details = Json::object();
};

inline constexpr std::string_view kEntryType = "sealroom-log/1";

// The file that holds a whole log that leaves, an entry a line.
inline constexpr const char* kLogFile = "log.jsonl";

// The exact octets of an entry, without line feed: canonical JSON with members
// type, seq, prev (hex SHA-256 of the previous line, 64 zeros for the first), time, boot, boot_ms, event, outcome,
// actor {uid, pid, role}, software, configuration, details. Aborts when the event has no name, another outcome or
// details that are no object, or the configuration is no digest: parse_line would not read it back.
std::string line_of(std::uint64_t seq, const Digest& previous, const Context& context, const Event& event);

// An entry read back.
struct Entry {
  std::uint64_t seq = 0;
  Digest previous{};
  Context context;
  Event event;
};

// What members that this version does not know are: damage, or written by a later version.
enum class UnknownMembers { Refuse, Accept };

// Reads a line strictly: canonical, every member present and of its type, nothing else but what `unknown` accepts.
// Errors: Integrity.
Result<Entry> parse_line(std::string_view line, UnknownMembers unknown = UnknownMembers::Refuse);

}  // namespace sealroom::log
