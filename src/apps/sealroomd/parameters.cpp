#include "parameters.hpp"

#include <fmt/format.h>

#include "sealroom/base/text.hpp"

namespace sealroom::daemon {

const Json* Parameters::take(const char* name) {
  asked_.insert(name);
  const auto found = members_.find(name);
  return found == members_.end() ? nullptr : &*found;
}

void Parameters::complain(const char* name, std::string_view what) {
  if (trouble_.empty()) trouble_ = fmt::format("parameter \"{}\" {}", name, what);
}

std::string Parameters::text(const char* name, std::size_t most) {
  const Json* value = take(name);
  if (value == nullptr || !value->is_string()) {
    complain(name, value == nullptr ? "is missing" : "is not a string");
    return {};
  }
  if (value->get_ref<const std::string&>().size() <= most) return value->get<std::string>();
  complain(name, fmt::format("is longer than {} octets", most));
  return {};
}

std::string Parameters::text_or(const char* name, std::string_view otherwise, std::size_t most) {
  return members_.contains(name) ? text(name, most) : (asked_.insert(name), std::string(otherwise));
}

std::optional<std::uint64_t> Parameters::number(const char* name) {
  const Json* value = take(name);
  if (value == nullptr) return std::nullopt;
  constexpr std::uint64_t kLargest = (std::uint64_t{1} << 53) - 1;  // what JSON carries everywhere (RFC 8259 section 6)
  if (value->is_number_unsigned() && value->get<std::uint64_t>() <= kLargest) return value->get<std::uint64_t>();
  complain(name, "is not a whole number below 2^53");
  return std::nullopt;
}

bool Parameters::flag(const char* name) {
  const Json* value = take(name);
  if (value == nullptr) return false;
  if (value->is_boolean()) return value->get<bool>();
  complain(name, "is not true or false");
  return false;
}

std::optional<Instant> Parameters::moment(const char* name) {
  const Json* value = take(name);
  if (value == nullptr) return std::nullopt;
  const auto moment = value->is_string() ? from_rfc3339(value->get<std::string>()) : std::nullopt;
  if (!moment) complain(name, "is not a time like 2026-11-21T10:00:00Z");
  return moment;
}

const Json* Parameters::list(const char* name) {
  const Json* value = take(name);
  if (value != nullptr && value->is_array()) return value;
  complain(name, value == nullptr ? "is missing" : "is not a list");
  return nullptr;
}

Result<Done> Parameters::done() const {
  if (!trouble_.empty()) return fail(ErrorKind::Usage, trouble_);
  for (const auto& [name, value] : members_.items()) {
    if (!asked_.contains(name))
      return fail(ErrorKind::Usage, fmt::format("parameter \"{}\" is unknown", printable(name)));
  }
  return Done{};
}

}  // namespace sealroom::daemon
