#include "sealroom/policy/strict_yaml.hpp"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <optional>
#include <sstream>

#include "decimal.hpp"
#include "sealroom/base/text.hpp"

namespace sealroom {
namespace {

constexpr std::size_t kMaximumFile = 65'536;
constexpr std::size_t kMaximumDepth = 16;

// Thrown out of yaml-cpp's parser by our event handler, and caught in read_yaml.
struct Refused {
  int line;
  std::string what;
};

// What the core schema of YAML 1.2 (section 10.3.2) or YAML 1.1 takes for something else than text.
bool looks_like_no_text(std::string_view plain) {
  const std::string lower = ascii_lower(plain);
  for (const std::string_view word : {"", "~", "null", "true", "false", "yes", "no", "on", "off", "y", "n"}) {
    if (lower == word) return true;
  }
  if (plain.find_first_not_of("0123456789+-._eExXoOaAbBcCdDfF:") != std::string_view::npos) return false;
  const auto first = plain.find_first_not_of("+-.");
  return first == std::string_view::npos || (plain[first] >= '0' && plain[first] <= '9');
}

// Refuses, before yaml-cpp sees them, octets and lines that it need not see.
Result<Done> check_octets(std::string_view file, std::string_view text) {
  if (text.size() > kMaximumFile) {
    return fail(ErrorKind::Usage, fmt::format("{}: longer than {} octets", file, kMaximumFile));
  }
  int number = 0;
  for (std::string_view line : split(text, '\n')) {
    ++number;
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.starts_with('%')) {
      return fail(ErrorKind::Usage, fmt::format("{}:{}: YAML directives are not accepted", file, number));
    }
    for (const char c : line) {
      if (c >= 0x20 && c <= 0x7e) continue;
      return fail(ErrorKind::Usage,
                  fmt::format("{}:{}: octet {} is not printable ASCII", file, number, printable({&c, 1})),
                  c == '\t' ? "indent with blanks" : "write the file in plain ASCII, without a byte order mark");
    }
  }
  return Done{};
}

}  // namespace

// Builds the tree from yaml-cpp's events; YAML::Node would no longer show anchors, tags or repeated keys.
class YamlReader final : public YAML::EventHandler {
 public:
  explicit YamlReader(std::string_view file) : file_(file) {}

  YamlValue take() && { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override { refuse(mark, "aliases are not accepted"); }
  void OnAnchor(const YAML::Mark& mark, const std::string&) override { refuse(mark, "anchors are not accepted"); }

  void OnNull(const YAML::Mark& mark, YAML::anchor_t) override { add(mark, YamlValue::Kind::Nothing); }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t, const std::string& value) override {
    check_tag(mark, tag);
    const bool quoted = tag == "!";
    if (!open_.empty() && open_.back()->kind_ == YamlValue::Kind::Mapping && !key_) {
      begin_member(mark, value);
      return;
    }
    YamlValue& added = add(mark, YamlValue::Kind::Text);
    added.quoted_ = quoted;
    added.text_ = value;
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {
    check_tag(mark, tag);
    open(mark, YamlValue::Kind::Sequence);
  }
  void OnSequenceEnd() override { open_.pop_back(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {
    check_tag(mark, tag);
    open(mark, YamlValue::Kind::Mapping);
  }
  void OnMapEnd() override { open_.pop_back(); }

 private:
  [[noreturn]] static void refuse(const YAML::Mark& mark, std::string what) {
    throw Refused{mark.line + 1, std::move(what)};
  }

  static void check_tag(const YAML::Mark& mark, const std::string& tag) {
    if (!tag.empty() && tag != "?" && tag != "!") refuse(mark, "tags are not accepted");
  }

  void begin_member(const YAML::Mark& mark, const std::string& key) {
    if (key == "<<") refuse(mark, "merge keys are not accepted");
    if (const YamlValue* earlier = open_.back()->find(key)) {
      refuse(mark, fmt::format("key {} stands twice, first in line {}", printable(key), earlier->line_));
    }
    key_ = {key, mark.line + 1};
  }

  // A new value in the innermost open collection. Pointers in open_ stay good: only the innermost one grows.
  YamlValue& add(const YAML::Mark& mark, YamlValue::Kind kind) {
    YamlValue* value = &root_;
    int line = mark.line + 1;
    if (!open_.empty() && open_.back()->kind_ == YamlValue::Kind::Sequence) {
      value = &open_.back()->items_.emplace_back();
    } else if (!open_.empty()) {
      if (!key_) refuse(mark, "a key must be a text");
      line = key_->second;
      value = &open_.back()->members_.emplace_back(YamlValue::Member{std::move(key_->first), {}}).value;
      key_.reset();
    }
    value->kind_ = kind;
    value->line_ = line;
    value->where_ = fmt::format("{}:{}", file_, value->line_);
    return *value;
  }

  void open(const YAML::Mark& mark, YamlValue::Kind kind) {
    if (open_.size() == kMaximumDepth) refuse(mark, fmt::format("nested deeper than {}", kMaximumDepth));
    open_.push_back(&add(mark, kind));
  }

  std::string_view file_;
  YamlValue root_;
  std::vector<YamlValue*> open_;                    // collections around the next event
  std::optional<std::pair<std::string, int>> key_;  // of the member that the next event fills, and its line
};

Result<YamlValue> read_yaml(std::string_view file, std::string_view text) {
  if (auto clean = check_octets(file, text); !clean) return pass_on(clean);
  std::istringstream in{std::string(text)};
  try {
    YAML::Parser parser(in);
    YamlReader reader(file);
    if (!parser.HandleNextDocument(reader)) return fail(ErrorKind::Usage, fmt::format("{}: holds nothing", file));
    YamlReader rest(file);
    if (parser.HandleNextDocument(rest)) {
      return fail(ErrorKind::Usage, fmt::format("{}: holds more than one document", file));
    }
    return std::move(reader).take();
  } catch (const Refused& refused) {
    return fail(ErrorKind::Usage, fmt::format("{}:{}: {}", file, refused.line, refused.what));
  } catch (const YAML::Exception& error) {
    return fail(ErrorKind::Usage, fmt::format("{}:{}: not YAML: {}", file, error.mark.line + 1, printable(error.msg)));
  }
}

std::string yaml_quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

const YamlValue* YamlValue::find(std::string_view key) const {
  const auto found = std::ranges::find(members_, key, &Member::key);
  return found == members_.end() ? nullptr : &found->value;
}

std::unexpected<Error> YamlValue::wrong(std::string_view message, std::string hint) const {
  return fail(ErrorKind::Usage, fmt::format("{}: {}", where_, message), std::move(hint));
}

Result<Done> YamlValue::mapping(std::string_view what) const {
  if (kind_ != Kind::Mapping) return wrong(fmt::format("{} must be a mapping (key: value)", what));
  return Done{};
}

Result<Done> YamlValue::mapping_of(std::string_view what, std::initializer_list<std::string_view> keys) const {
  if (auto shape = mapping(what); !shape) return shape;
  for (const Member& member : members_) {
    if (std::ranges::find(keys, member.key) != keys.end()) continue;
    std::string known;
    for (const auto key : keys) known += (known.empty() ? "" : ", ") + std::string(key);
    return member.value.wrong(fmt::format("unknown key {} in {}", printable(member.key), what),
                              keys.size() == 0 ? "it has no keys" : "known are " + known);
  }
  return Done{};
}

Result<Done> YamlValue::sequence(std::string_view what) const {
  if (kind_ != Kind::Sequence) return wrong(fmt::format("{} must be a list", what));
  return Done{};
}

Result<const YamlValue*> YamlValue::member(std::string_view what, std::string_view key) const {
  const YamlValue* value = find(key);
  if (value == nullptr) return wrong(fmt::format("{} lacks {}", what, key));
  return value;
}

Result<std::string> YamlValue::text(std::string_view what) const {
  if (kind_ != Kind::Text) return wrong(fmt::format("{} must be a text", what));
  if (!std::ranges::all_of(text_, [](char c) { return c >= 0x20 && c <= 0x7e; })) {
    return wrong(fmt::format("{} must be one line of printable ASCII", what), "\">-\" folds several lines into one");
  }
  if (!quoted_ && looks_like_no_text(text_)) {
    return wrong(fmt::format("{} must be a text, and {} is none to YAML", what, printable(text_)), "put it in quotes");
  }
  return text_;
}

Result<std::int64_t> YamlValue::number(std::string_view what, std::int64_t least, std::int64_t most) const {
  const auto value = kind_ == Kind::Text && !quoted_ ? decimal(text_, least, most) : std::nullopt;
  if (!value) return wrong(fmt::format("{} must be a plain number from {} to {}", what, least, most));
  return *value;
}

}  // namespace sealroom
