#include "sealroom/log/entry.hpp"

#include <cstdlib>
#include <utility>

#include <fmt/format.h>

#include "sealroom/base/text.hpp"
#include "sealroom/log/canonical.hpp"

namespace sealroom::log {
namespace {

bool is_outcome(std::string_view text) { return text == "ok" || text == "refused" || text == "error"; }

bool is_lower_hex(std::string_view text, std::size_t size) {
  return text.size() == size && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

bool is_configuration(std::string_view text) { return text.empty() || is_lower_hex(text, 64); }

// Members reads the members of one object and remembers the first that is missing or of another type.
class Members {
 public:
  explicit Members(Json& object) : object_(object) {}

  std::string text(const char* name) {
    const auto found = object_.find(name);
    if (found == object_.end() || !found->is_string()) return wrong(name), std::string();
    return found->get_ref<const std::string&>();
  }

  template <class Integer>
  Integer integer(const char* name) {
    const auto found = object_.find(name);
    if (found == object_.end() || !found->is_number_integer()) return wrong(name), Integer{};
    // Canonical integers lie below 2^53 and fit.
    const auto value = found->get<std::int64_t>();
    if (!std::in_range<Integer>(value)) return wrong(name), Integer{};
    return static_cast<Integer>(value);
  }

  // Takes it out.
  Json object(const char* name) {
    const auto found = object_.find(name);
    if (found == object_.end() || !found->is_object()) return wrong(name), Json::object();
    return std::move(*found);
  }

  void wrong(const char* name) {
    if (wrong_.empty()) wrong_ = name;
  }

  void exactly(std::size_t count, const char* where) {
    if (object_.size() != count) wrong(where);
  }

  const std::string& wrong() const { return wrong_; }

 private:
  Json& object_;
  std::string wrong_;
};

std::unexpected<Error> refuse(std::string_view reason) {
  return fail(ErrorKind::Integrity, fmt::format("log entry: {}", reason),
              "the log was changed or damaged; compare it with an earlier export");
}

Actor read_actor(Json object, UnknownMembers unknown, Members& outer) {
  Members members(object);
  Actor actor{.uid = members.integer<std::uint32_t>("uid"),
              .pid = members.integer<std::int32_t>("pid"),
              .role = members.text("role")};
  if (unknown == UnknownMembers::Refuse) members.exactly(3, "actor");
  if (!members.wrong().empty()) outer.wrong("actor");
  return actor;
}

// from_rfc3339 also reads times without seconds; an entry has them.
Instant read_time(Members& members) {
  const auto text = members.text("time");
  const auto time = from_rfc3339(text);
  if (!time || to_rfc3339(*time) != text) return members.wrong("time"), Instant{};
  return *time;
}

Digest read_previous(Members& members) {
  const auto text = members.text("prev");
  const auto digest = digest_from_hex(text);
  if (!digest || !is_lower_hex(text, 64)) return members.wrong("prev"), Digest{};
  return *digest;
}

Entry read_entry(Members& members, UnknownMembers unknown) {
  if (members.text("type") != kEntryType) members.wrong("type");
  Entry entry;
  entry.seq = members.integer<std::uint64_t>("seq");
  entry.previous = read_previous(members);
  entry.context.time = read_time(members);
  entry.context.boot_id = members.text("boot");
  entry.context.boot_ms = members.integer<std::uint64_t>("boot_ms");
  entry.context.actor = read_actor(members.object("actor"), unknown, members);
  entry.context.software = members.text("software");
  entry.context.configuration = members.text("configuration");
  entry.event.name = members.text("event");
  entry.event.outcome = members.text("outcome");
  entry.event.details = members.object("details");
  if (entry.event.name.empty()) members.wrong("event");
  if (!is_outcome(entry.event.outcome)) members.wrong("outcome");
  if (!is_configuration(entry.context.configuration)) members.wrong("configuration");
  return entry;
}

}  // namespace

std::string line_of(std::uint64_t seq, const Digest& previous, const Context& context, const Event& event) {
  if (event.name.empty() || !is_outcome(event.outcome) || !event.details.is_object()) std::abort();
  if (!is_configuration(context.configuration)) std::abort();
  const auto& [time, boot_id, boot_ms, actor, software, configuration] = context;
  // The names stand in canonical order; building a document of it all would cost more than writing it.
  return fmt::format(
      R"({{"actor":{{"pid":{},"role":{},"uid":{}}},"boot":{},"boot_ms":{},"configuration":"{}","details":{},)"
      R"("event":{},"outcome":"{}","prev":"{}","seq":{},"software":{},"time":"{}","type":"{}"}})",
      actor.pid, canonical(actor.role), actor.uid, canonical(boot_id), canonical(boot_ms), configuration,
      canonical(event.details, 1), canonical(event.name), event.outcome, to_hex(previous), canonical(seq),
      canonical(software), to_rfc3339(time), kEntryType);
}

Result<Entry> parse_line(std::string_view line, UnknownMembers unknown) {
  auto value = parse_canonical(line);
  if (!value) return refuse("is not canonical JSON (RFC 8785, restricted)");
  if (!value->is_object()) return refuse("is not an object");
  Members members(*value);
  auto entry = read_entry(members, unknown);
  if (!members.wrong().empty()) return refuse(fmt::format("member \"{}\" is missing or wrong", members.wrong()));
  if (unknown == UnknownMembers::Refuse && value->size() != 12) return refuse("has a member that is not known");
  return entry;
}

}  // namespace sealroom::log
