#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sealroom/base/error.hpp"

namespace sealroom {

// YamlValue is one value of a YAML text that was read strictly: a mapping, a sequence, a text or nothing. Keys are
// texts, stand once, and keep their order.
class YamlValue {
 public:
  enum class Kind { Nothing, Text, Sequence, Mapping };

  struct Member;

  Kind kind() const { return kind_; }
  int line() const { return line_; }                    // from 1; of a member, where its key stands
  const std::string& where() const { return where_; }   // "sealroom.yaml:12", for messages

  const std::vector<YamlValue>& items() const { return items_; }    // of a sequence
  const std::vector<Member>& members() const { return members_; }   // of a mapping

  const YamlValue* find(std::string_view key) const;  // nullptr when the mapping lacks it

  // Each of these gives the value in the wanted form. Errors: Usage, "FILE:LINE: WHAT must be ...".
  Result<Done> mapping(std::string_view what) const;
  Result<Done> mapping_of(std::string_view what, std::initializer_list<std::string_view> keys) const;  // no others
  Result<Done> sequence(std::string_view what) const;
  // The member under `key`, which a mapping must have.
  Result<const YamlValue*> member(std::string_view what, std::string_view key) const;
  // One line; quoted where it is empty or YAML would take it for a number, a truth value or null.
  Result<std::string> text(std::string_view what) const;
  // Plain decimal digits, unquoted, without sign or leading zero.
  Result<std::int64_t> number(std::string_view what, std::int64_t least, std::int64_t most) const;

  // The error "FILE:LINE: `message`".
  std::unexpected<Error> wrong(std::string_view message, std::string hint = {}) const;

 private:
  friend class YamlReader;
  Kind kind_ = Kind::Nothing;
  bool quoted_ = false;
  int line_ = 0;
  std::string where_;
  std::string text_;
  std::vector<YamlValue> items_;
  std::vector<Member> members_;
};

struct YamlValue::Member {
  std::string key;
  YamlValue value;
};

// Reads one YAML document of printable ASCII, at most 64 KiB, nested at most 16 deep. `file` names it in messages.
// Errors (Usage, with file and line): what yaml-cpp cannot parse, repeated keys, keys that are no text, anchors,
// aliases, tags, merge keys, directives, tabs, a second document.
Result<YamlValue> read_yaml(std::string_view file, std::string_view text);

// `text` (printable ASCII) as a YAML scalar in double quotes, which read_yaml reads back as the same.
std::string yaml_quoted(std::string_view text);

}  // namespace sealroom
