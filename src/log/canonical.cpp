#include "sealroom/log/canonical.hpp"

#include <charconv>
#include <cstdlib>
#include <string_view>
#include <utility>

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

// Reads the one form that the writers above give, in one pass: no blanks, names in rising order, two escapes.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  std::optional<Json> whole() {
    Json value;
    if (!read(value, 0) || !rest_.empty()) return std::nullopt;
    return value;
  }

 private:
  bool take(std::string_view word) {
    const bool there = rest_.starts_with(word);
    if (there) rest_.remove_prefix(word.size());
    return there;
  }

  bool read(Json& value, unsigned depth) {
    if (take("\"")) return read_string((value = std::string()).get_ref<std::string&>());
    if (take("{")) return depth < kDeepest && read_object(value, depth + 1);
    if (take("[")) return depth < kDeepest && read_array(value, depth + 1);
    if (take("true")) return value = true, true;
    if (take("false")) return value = false, true;
    return take("null") || read_integer(value);
  }

  // What stands behind the first quotation mark.
  bool read_string(std::string& text) {
    const auto is_plain = [](char c) { return c >= 0x20 && c <= 0x7e && c != '"' && c != '\\'; };
    for (;;) {
      std::size_t plain = 0;
      while (plain < rest_.size() && is_plain(rest_[plain])) ++plain;
      text += rest_.substr(0, plain);
      rest_.remove_prefix(plain);
      if (take("\"")) return true;
      if (!rest_.starts_with(R"(\")") && !rest_.starts_with(R"(\\)")) return false;
      text += rest_[1];
      rest_.remove_prefix(2);
    }
  }

  bool read_integer(Json& value) {
    std::int64_t number = 0;
    const auto [end, trouble] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), number);
    if (trouble != std::errc() || number < -kLargest || number > kLargest) return false;
    value = number < 0 ? Json(number) : Json(static_cast<std::uint64_t>(number));
    return take(std::to_string(number)) && rest_.data() == end;
  }

  bool read_object(Json& value, unsigned depth) {
    auto& members = (value = Json::object()).get_ref<Json::object_t&>();
    if (take("}")) return true;
    do {
      std::string name;
      if (!take("\"") || !read_string(name) || !take(":")) return false;
      if (!members.empty() && members.rbegin()->first >= name) return false;
      if (!read(members.emplace_hint(members.end(), std::move(name), nullptr)->second, depth)) return false;
    } while (take(","));
    return take("}");
  }

  bool read_array(Json& value, unsigned depth) {
    auto& elements = (value = Json::array()).get_ref<Json::array_t&>();
    if (take("]")) return true;
    do {
      if (!read(elements.emplace_back(), depth)) return false;
    } while (take(","));
    return take("]");
  }

  std::string_view rest_;
};

}  // namespace

std::string canonical(const Json& value, unsigned depth) {
  std::string out;
  if (!write_value(value, depth, out)) std::abort();
  return out;
}

std::optional<Json> parse_canonical(std::string_view text) { return Reader(text).whole(); }

}  // namespace sealroom::log
