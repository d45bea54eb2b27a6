#include "sealroom/base/json.hpp"

#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "sealroom/base/text.hpp"

namespace sealroom {
namespace {

constexpr std::size_t kDeepest = 32;

}  // namespace

Result<Json> parse_json(std::string_view text, std::string_view what, std::size_t most) {
  // nlohmann takes a NUL for the end of its input and whatever stands behind it for nothing.
  if (const auto nul = text.find('\0'); nul != std::string_view::npos) {
    return fail(ErrorKind::Usage, fmt::format("{}: is not JSON (near octet {})", what, nul + 1));
  }
  std::string trouble;
  std::vector<std::set<std::string>> members;
  std::size_t values = 0;
  const auto count = [&] {
    if (++values > most) throw std::length_error(fmt::format("has more than {} values", most));
  };
  const auto watch = [&](int, Json::parse_event_t event, Json& value) {
    switch (event) {
      case Json::parse_event_t::object_start:
      case Json::parse_event_t::array_start:
        count();
        members.emplace_back();
        if (members.size() > kDeepest) throw std::length_error("nesting is deeper than 32");
        break;
      case Json::parse_event_t::object_end:
      case Json::parse_event_t::array_end: members.pop_back(); break;
      case Json::parse_event_t::key:
        if (!members.back().insert(value.get<std::string>()).second) {
          throw std::invalid_argument("member \"" + printable(value.get<std::string>()) + "\" stands twice");
        }
        break;
      case Json::parse_event_t::value:
        count();
        if (value.is_number_float()) throw std::invalid_argument("a number is not an integer");
        break;
    }
    return true;
  };
  try {
    return Json::parse(text, watch);
  } catch (const Json::parse_error& error) {
    trouble = fmt::format("is not JSON (near octet {})", error.byte);
  } catch (const Json::exception&) {
    trouble = "a number is out of range";
  } catch (const std::exception& error) {
    trouble = error.what();
  }
  return fail(ErrorKind::Usage, fmt::format("{}: {}", what, trouble));
}

}  // namespace sealroom
