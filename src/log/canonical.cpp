#include "sealroom/log/canonical.hpp"

#include <cstdlib>
#include <string_view>

namespace sealroom::log {
namespace {

// Integers beyond this are not exact in every JSON reader (RFC 7493 section 2.2).
constexpr std::int64_t kLargest = (std::int64_t{1} << 53) - 1;

// What parse_json reads; a deeper document could be written and never read again.
constexpr unsigned kDeepest = 32;

// The writers answer whether the value lies within the restriction; when it does not, `out` is of no use.
bool write_value(const Json& value, unsigned depth, std::string& out);

bool write_string(std::string_view text, std::string& out) {
  out += '"';
  for (const char c : text) {
    if (c < 0x20 || c > 0x7e) return false;
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  out += '"';
  return true;
}

bool write_integer(const Json& value, std::string& out) {
  if (value.is_number_unsigned()) {
    const auto number = value.get<std::uint64_t>();
    out += std::to_string(number);
    return number <= static_cast<std::uint64_t>(kLargest);
  }
  const auto number = value.get<std::int64_t>();
  out += std::to_string(number);
  return number >= -kLargest && number <= kLargest;
}

// RFC 8785 section 3.2.3 sorts members by UTF-16 code units; for ASCII keys that is the order of std::string, which is
// the order in which nlohmann keeps them.
bool write_object(const Json& value, unsigned depth, std::string& out) {
  out += '{';
  bool first = true;
  for (const auto& [key, member] : value.items()) {
    if (!first) out += ',';
    first = false;
    if (!write_string(key, out)) return false;
    out += ':';
    if (!write_value(member, depth, out)) return false;
  }
  out += '}';
  return true;
}

bool write_array(const Json& value, unsigned depth, std::string& out) {
  out += '[';
  bool first = true;
  for (const auto& element : value) {
    if (!first) out += ',';
    first = false;
    if (!write_value(element, depth, out)) return false;
  }
  out += ']';
  return true;
}

bool write_value(const Json& value, unsigned depth, std::string& out) {
  switch (value.type()) {
    case Json::value_t::null: out += "null"; return true;
    case Json::value_t::boolean: out += value.get<bool>() ? "true" : "false"; return true;
    case Json::value_t::string: return write_string(value.get_ref<const std::string&>(), out);
    case Json::value_t::number_integer:
    case Json::value_t::number_unsigned: return write_integer(value, out);
    case Json::value_t::object: return depth < kDeepest && write_object(value, depth + 1, out);
    case Json::value_t::array: return depth < kDeepest && write_array(value, depth + 1, out);
    case Json::value_t::number_float:
    case Json::value_t::binary:
    case Json::value_t::discarded: return false;
  }
  return false;
}

}  // namespace

std::string canonical(const Json& value, unsigned depth) {
  std::string out;
  if (!write_value(value, depth, out)) std::abort();
  return out;
}

std::optional<Json> parse_canonical(std::string_view text) {
  auto value = parse_json(text, "text");
  std::string out;
  out.reserve(text.size());
  if (!value || !write_value(*value, 0, out) || out != text) return std::nullopt;
  return std::move(*value);
}

}  // namespace sealroom::log
