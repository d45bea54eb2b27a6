#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "sealroom/base/text.hpp"
#include "sealroom/policy/strict_yaml.hpp"

namespace sealroom {

// Members of a YAML mapping as settings. Each error is Usage, with file, line and key; `what` names the mapping.

template <class T>
using Choices = std::initializer_list<std::pair<std::string_view, T>>;

template <class T>
Result<T> choice(const YamlValue& value, std::string_view what, Choices<T> choices) {
  auto text = value.text(what);
  if (!text) return pass_on(text);
  std::string known;
  for (const auto& [name, chosen] : choices) {
    if (*text == name) return chosen;
    known += (known.empty() ? "" : ", ") + std::string(name);
  }
  return value.wrong(fmt::format("{} is \"{}\" and must be one of {}", what, printable(*text), known));
}

template <class T>
Result<Done> optional_choice(const YamlValue& mapping, std::string_view key, T& to, Choices<T> choices) {
  const YamlValue* value = mapping.find(key);
  if (value == nullptr) return Done{};
  auto chosen = choice(*value, key, choices);
  if (!chosen) return pass_on(chosen);
  to = *chosen;
  return Done{};
}

template <class T>
Result<Done> optional_number(const YamlValue& mapping, std::string_view key, T& to, std::int64_t least,
                             std::int64_t most) {
  const YamlValue* value = mapping.find(key);
  if (value == nullptr) return Done{};
  auto number = value->number(key, least, most);
  if (!number) return pass_on(number);
  to = static_cast<T>(*number);
  return Done{};
}

inline Result<std::string> required_text(const YamlValue& mapping, std::string_view what, std::string_view key) {
  auto value = mapping.member(what, key);
  if (!value) return pass_on(value);
  return (*value)->text(key);
}

}  // namespace sealroom
