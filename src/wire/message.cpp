#include "sealroom/wire/message.hpp"

#include <algorithm>
#include <array>

#include "sealroom/base/text.hpp"

namespace sealroom::wire {
namespace {

struct KindName {
  ErrorKind kind;
  const char* name;
};

constexpr std::array<KindName, 5> kKindNames = {{
    {ErrorKind::Failed, "failed"},
    {ErrorKind::Usage, "usage"},
    {ErrorKind::NeedsPerson, "needs-person"},
    {ErrorKind::Token, "token"},
    {ErrorKind::Integrity, "integrity"},
}};

int code_of(ErrorKind kind) { return -32000 - static_cast<int>(kind); }

std::string name_of(ErrorKind kind) {
  return std::ranges::find(kKindNames, kind, &KindName::kind)->name;
}

// Texts that are fit to be shown stay as they are, so that an error survives any number of hops; others are escaped,
// which also keeps the writer of JSON from meeting broken UTF-8.
std::string shown(const std::string& text) {
  const bool fit = std::ranges::all_of(text, [](char c) { return c >= 0x20 && c <= 0x7e; });
  return fit ? text : printable(text);
}

std::string text_member(const Json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end() || !found->is_string()) return {};
  return shown(found->get<std::string>());
}

bool is_protocol_error(std::int64_t code) { return code >= -32768 && code <= -32600; }

ErrorKind kind_of(const Json& object) {
  const auto data = object.find("data");
  if (data != object.end() && data->is_object()) {
    const auto name = text_member(*data, "kind");
    const auto named = std::ranges::find_if(kKindNames, [&](const KindName& entry) { return entry.name == name; });
    if (named != kKindNames.end()) return named->kind;
  }
  const auto code = object.find("code");
  if (code == object.end() || !code->is_number_integer()) return ErrorKind::Failed;
  const auto value = code->get<std::int64_t>();
  const auto coded =
      std::ranges::find_if(kKindNames, [&](const KindName& entry) { return code_of(entry.kind) == value; });
  if (coded != kKindNames.end()) return coded->kind;
  return is_protocol_error(value) ? ErrorKind::Usage : ErrorKind::Failed;
}

}  // namespace

Json error_object(const Error& error) {
  return {{"code", code_of(error.kind)},
          {"message", shown(error.message)},
          {"data", {{"kind", name_of(error.kind)}, {"hint", shown(error.hint)}}}};
}

Error error_from(const Json& object) {
  if (!object.is_object()) return {ErrorKind::Failed, "the daemon gave an error without a description"};
  Error error{kind_of(object), text_member(object, "message")};
  if (error.message.empty()) error.message = "the daemon gave an error without a description";
  const auto data = object.find("data");
  if (data != object.end() && data->is_object()) error.hint = text_member(*data, "hint");
  return error;
}

}  // namespace sealroom::wire
