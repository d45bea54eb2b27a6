#include "conf_scanner.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "sealroom/base/text.hpp"

namespace sealroom {
namespace {

constexpr std::size_t kMaximumFile = 65'536;
constexpr std::size_t kMaximumLine = 8'192;       // continuation lines joined
constexpr std::size_t kMaximumReferences = 256;  // NCONF expands each to as much as 64 KiB

bool is_letter_or_digit(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

// Section names and keys: dots, semicolons and signs stand in OIDs, "DNS.1", "permitted;DNS.1" and "+CN".
bool is_key_character(char c) { return is_letter_or_digit(c) || c == '.' || c == '-' || c == ';' || c == '+'; }

bool is_quote(char c) { return c == '"' || c == '\'' || c == '`'; }

}  // namespace

const ConfLine* ConfSection::find(std::string_view key) const {
  const auto found = std::ranges::find(lines, key, &ConfLine::key);
  return found == lines.end() ? nullptr : &*found;
}

const ConfSection* ScannedConf::find(std::string_view section) const {
  const auto found = std::ranges::find(sections, section, &ConfSection::name);
  return found == sections.end() ? nullptr : &*found;
}

ConfSection* ScannedConf::find(std::string_view section) {
  const auto found = std::ranges::find(sections, section, &ConfSection::name);
  return found == sections.end() ? nullptr : &*found;
}

std::string conf_position(std::string_view file, int line) { return fmt::format("{}:{}", file, line); }

namespace {

class ConfScanner {
 public:
  explicit ConfScanner(std::string_view file) : file_(file) {}

  Result<ScannedConf> scan(std::string_view text) {
    if (text.size() > kMaximumFile) {
      return fail(ErrorKind::Usage, fmt::format("{}: longer than {} octets", file_, kMaximumFile));
    }
    std::string joined;
    int number = 0;
    bool open = false;
    for (std::string_view physical : split(text, '\n')) {
      ++number;
      if (physical.ends_with('\r')) physical.remove_suffix(1);
      if (!open) line_ = number;
      if (auto clean = octets(physical, number); !clean) return pass_on(clean);
      joined += physical;
      if (joined.size() > kMaximumLine) return wrong(fmt::format("line is longer than {} octets", kMaximumLine));
      // NCONF joins lines before it looks for comments or quotes, and takes two backslashes for an escaped one.
      open = joined.ends_with('\\') && !joined.ends_with("\\\\");
      if (open) {
        joined.pop_back();
        if (comment_begins(joined)) {
          return wrong("comment ends with a backslash", "OpenSSL takes the next line for part of the comment");
        }
        continue;
      }
      if (auto read = logical_line(joined); !read) return pass_on(read);
      joined.clear();
    }
    if (open) return wrong("line continues past the end of the file");
    return std::move(scanned_);
  }

 private:
  std::unexpected<Error> wrong(std::string what, std::string hint = {}) const {
    return fail(ErrorKind::Usage, conf_position(file_, line_) + ": " + std::move(what), std::move(hint));
  }

  Result<Done> octets(std::string_view physical, int number) const {
    for (const char c : physical) {
      if (c == '\t' || (c >= 0x20 && c <= 0x7e)) continue;
      return fail(ErrorKind::Usage,
                  fmt::format("{}: octet {} is not printable ASCII", conf_position(file_, number), printable({&c, 1})),
                  "write the file in plain ASCII, without a byte order mark");
    }
    return Done{};
  }

  // Whether a comment begins in `text`, as NCONF finds it: a "#" outside quotes that no backslash escapes.
  static bool comment_begins(std::string_view text) { return end_of_content(text) != text.size(); }

  static std::size_t end_of_content(std::string_view text) {
    char quote = '\0';
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '\\') {
        ++i;
      } else if (quote != '\0') {
        if (text[i] == quote) quote = '\0';
      } else if (is_quote(text[i])) {
        quote = text[i];
      } else if (text[i] == '#') {
        return i;
      }
    }
    return text.size();
  }

  Result<Done> logical_line(std::string_view text) {
    text = trimmed(text.substr(0, end_of_content(text)));
    if (text.empty()) return Done{};
    return text.front() == '[' ? header(text) : assignment(text);
  }

  Result<Done> header(std::string_view text) {
    const auto close = text.find(']');
    if (close == std::string_view::npos) return wrong("section header lacks its closing bracket");
    if (close + 1 != text.size()) return wrong("text behind the section header");
    const std::string_view name = trimmed(text.substr(1, close - 1));
    if (name.empty() || !std::ranges::all_of(name, is_key_character)) {
      return wrong(fmt::format("\"{}\" cannot name a section", printable(name)));
    }
    if (const ConfSection* earlier = std::as_const(scanned_).find(name)) {
      return wrong(fmt::format("section [{}] stands twice, first in line {}", name, earlier->line));
    }
    scanned_.sections.push_back({std::string(name), line_, {}});
    return Done{};
  }

  Result<Done> assignment(std::string_view text) {
    const auto end = static_cast<std::size_t>(std::ranges::find_if_not(text, is_key_character) - text.begin());
    const std::string_view key = text.substr(0, end);
    const std::string_view rest = trimmed(text.substr(end));
    if (key.starts_with('.')) return wrong(fmt::format("directive {} is not accepted", key));
    if (rest.starts_with("::")) return wrong("a key may not be put into another section");
    if (key.empty() || !rest.starts_with('=')) {
      return wrong("neither a comment, a section header nor key = value", "is a # missing?");
    }
    if (scanned_.sections.empty()) scanned_.sections.push_back({"default", line_, {}});
    ConfSection& section = scanned_.sections.back();
    if (const ConfLine* earlier = section.find(key)) {
      return wrong(fmt::format("{} stands twice in [{}], first in line {}", key, section.name, earlier->line),
                   "OpenSSL would silently take the last");
    }
    if (auto read = value(trimmed(rest.substr(1))); !read) return pass_on(read);
    scanned_.sections.back().lines.push_back({std::string(key), {}, line_});
    return Done{};
  }

  Result<Done> value(std::string_view text) {
    if (text.empty()) return wrong("key has no value");
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '\\') {
        if (++i == text.size()) return wrong("value ends with a backslash");
      } else if (is_quote(text[i])) {
        const auto close = end_of_quote(text, i);
        if (!close) return wrong("quote is not closed");
        i = *close;
      } else if (text[i] == '$') {
        const auto end = reference(text, i);
        if (!end) return wrong("a $ that begins no reference to a key", "write \\$ for the character itself");
        if (auto known = defined(scanned_.references.back()); !known) return pass_on(known);
        if (scanned_.references.size() > kMaximumReferences) {
          return wrong(fmt::format("more than {} references to keys", kMaximumReferences));
        }
        i = *end - 1;
      }
    }
    return Done{};
  }

  static std::optional<std::size_t> end_of_quote(std::string_view text, std::size_t open) {
    for (std::size_t i = open + 1; i < text.size(); ++i) {
      if (text[i] == '\\') {
        ++i;
      } else if (text[i] == text[open]) {
        return i;
      }
    }
    return std::nullopt;
  }

  // Takes $name, ${name}, $(name) or one of these with section:: before the name, and returns where it ends.
  std::optional<std::size_t> reference(std::string_view text, std::size_t dollar) {
    std::size_t at = dollar + 1;
    char close = '\0';
    if (at < text.size() && (text[at] == '{' || text[at] == '(')) close = text[at++] == '{' ? '}' : ')';
    const auto word = [&] {
      const auto begin = at;
      while (at < text.size() && is_letter_or_digit(text[at])) ++at;
      return std::string(text.substr(begin, at - begin));
    };
    ConfReference taken{scanned_.sections.back().name, word()};
    if (text.substr(at).starts_with("::")) {
      at += 2;
      taken = {std::exchange(taken.key, {}), word()};
    }
    if (taken.key.empty()) return std::nullopt;
    if (close != '\0' && (at == text.size() || text[at++] != close)) return std::nullopt;
    scanned_.references.push_back(std::move(taken));
    return at;
  }

  // NCONF looks a name up in its section, then in the default one, and knows only what stands above.
  Result<Done> defined(ConfReference& taken) const {
    if (taken.section == "ENV") return wrong("values from the environment ($ENV::) are not accepted");
    const ConfSection* own = scanned_.find(taken.section);
    if (own != nullptr && own->find(taken.key) != nullptr) return Done{};
    const ConfSection* fallback = scanned_.find("default");
    if (fallback == nullptr || fallback->find(taken.key) == nullptr) {
      return wrong(fmt::format("${} is not defined above", taken.key));
    }
    taken.section = "default";
    return Done{};
  }

  std::string_view file_;
  int line_ = 0;
  ScannedConf scanned_;
};

}  // namespace

Result<ScannedConf> scan_conf(std::string_view file, std::string_view text) { return ConfScanner(file).scan(text); }

}  // namespace sealroom
