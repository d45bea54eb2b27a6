#include <optional>

#include <fmt/format.h>

#include "sealroom/log/canonical.hpp"
#include "sealroom/plan/document.hpp"

namespace sealroom {
namespace {

// Members of the document; remembers the first that is missing or of another form.
class PlanMembers {
 public:
  explicit PlanMembers(const Json& document) : document_(document) {}

  std::string text(const char* name) {
    const auto found = document_.find(name);
    if (found != document_.end() && found->is_string()) return found->get<std::string>();
    return wrong(name), std::string();
  }

  std::uint64_t count(const char* name) {
    const auto found = document_.find(name);
    if (found != document_.end() && found->is_number_unsigned()) return found->get<std::uint64_t>();
    return wrong(name), 0;
  }

  Instant time(const char* name) {
    const auto value = text(name);
    const auto time = from_rfc3339(value);
    if (time && to_rfc3339(*time) == value) return *time;
    return wrong(name), Instant{};
  }

  Digest digest(const char* name) {
    const auto value = text(name);
    const auto digest = digest_from_hex(value);
    if (digest && to_hex(*digest) == value) return *digest;
    return wrong(name), Digest{};
  }

  const std::string& wrong() const { return wrong_; }

 private:
  void wrong(const char* name) {
    if (wrong_.empty()) wrong_ = name;
  }

  const Json& document_;
  std::string wrong_;
};

std::unexpected<Error> refuse(std::string_view reason) {
  return fail(ErrorKind::Integrity, fmt::format("plan: {}", reason));
}

}  // namespace

Result<PlanDocument> parse_plan(std::string_view document) {
  const auto json = log::parse_canonical(document);
  if (!json) return refuse("is not canonical JSON (RFC 8785, restricted)");
  if (!json->is_object()) return refuse("is not an object");
  PlanMembers members(*json);
  if (members.text("type") != kPlanType) return refuse(fmt::format("its type is not {}", kPlanType));
  const PlanDocument plan{.facts = {.origin = members.text("origin"),
                                    .batch = members.text("batch"),
                                    .issuer = members.text("issuer"),
                                    .created = members.time("created"),
                                    .valid_until = members.time("valid_until"),
                                    .configuration = members.digest("configuration"),
                                    .issuer_certificate = members.digest("issuer_certificate")},
                          .count = members.count("count"),
                          .requests = members.count("requests"),
                          .tbs_root = members.digest("tbs_root"),
                          .requests_root = members.digest("requests_root")};
  if (!members.wrong().empty()) return refuse(fmt::format("member \"{}\" is missing or wrong", members.wrong()));
  return plan;
}

}  // namespace sealroom
