#include "key_attributes.hpp"

#include <fmt/format.h>

namespace sealroom {
namespace {

// History: true, or people must vouch for the key. NeverTrue: false, or no such attribute.
enum class Rule { MustBeTrue, History, MustBeFalse, NeverTrue, Recorded };

struct Attribute {
  CK_ATTRIBUTE_TYPE type;
  const char* name;
  Rule rule;
};

#define SEALROOM_ATTRIBUTE(name) name, #name

constexpr Attribute kAttributes[] = {
    {SEALROOM_ATTRIBUTE(CKA_TOKEN), Rule::MustBeTrue},
    {SEALROOM_ATTRIBUTE(CKA_PRIVATE), Rule::MustBeTrue},
    {SEALROOM_ATTRIBUTE(CKA_SENSITIVE), Rule::MustBeTrue},
    {SEALROOM_ATTRIBUTE(CKA_ALWAYS_SENSITIVE), Rule::History},
    {SEALROOM_ATTRIBUTE(CKA_EXTRACTABLE), Rule::MustBeFalse},
    {SEALROOM_ATTRIBUTE(CKA_NEVER_EXTRACTABLE), Rule::History},
    {SEALROOM_ATTRIBUTE(CKA_LOCAL), Rule::History},
    {SEALROOM_ATTRIBUTE(CKA_SIGN), Rule::MustBeTrue},
    {SEALROOM_ATTRIBUTE(CKA_DECRYPT), Rule::NeverTrue},
    {SEALROOM_ATTRIBUTE(CKA_UNWRAP), Rule::NeverTrue},
    {SEALROOM_ATTRIBUTE(CKA_DERIVE), Rule::NeverTrue},
    {SEALROOM_ATTRIBUTE(CKA_MODIFIABLE), Rule::NeverTrue},
    // libp11 would ask for the PIN on the daemon's terminal at every signature, and wait.
    {SEALROOM_ATTRIBUTE(CKA_ALWAYS_AUTHENTICATE), Rule::NeverTrue},
    {SEALROOM_ATTRIBUTE(CKA_SIGN_RECOVER), Rule::Recorded},
    {SEALROOM_ATTRIBUTE(CKA_COPYABLE), Rule::Recorded},
};

#undef SEALROOM_ATTRIBUTE

bool breaks(Rule rule, std::optional<bool> value) {
  switch (rule) {
    case Rule::MustBeTrue:
    case Rule::History: return value != true;
    case Rule::MustBeFalse: return value != false;
    case Rule::NeverTrue: return value == true;
    case Rule::Recorded: return false;
  }
  return true;
}

const char* text_of(std::optional<bool> value) { return !value ? "missing" : *value ? "true" : "false"; }

// CKA_ALLOWED_MECHANISMS as a list of numbers, null when the token does not keep it.
Result<Json> allowed_mechanisms(const ObjectReader& objects, CK_OBJECT_HANDLE key) {
  auto value = objects.read(key, CKA_ALLOWED_MECHANISMS);
  if (!value) return pass_on(value);
  if (!*value) return Json();
  Json list = Json::array();
  for (std::size_t at = 0; at + sizeof(CK_MECHANISM_TYPE) <= (*value)->size(); at += sizeof(CK_MECHANISM_TYPE)) {
    CK_MECHANISM_TYPE mechanism = 0;
    std::copy_n((*value)->begin() + static_cast<std::ptrdiff_t>(at), sizeof mechanism,
                reinterpret_cast<std::uint8_t*>(&mechanism));
    list.push_back(mechanism);
  }
  return list;
}

}  // namespace

std::string KeyAttributes::complaint_for(KeyHistory history) const {
  if (history == KeyHistory::Adopted || unproven.empty()) return complaint;
  return fmt::format("{}{}{}", complaint, complaint.empty() ? "" : ", ", fmt::join(unproven, ", "));
}

Result<KeyAttributes> read_key_attributes(const ObjectReader& objects, CK_OBJECT_HANDLE key) {
  KeyAttributes found{Json::object()};
  for (const auto& attribute : kAttributes) {
    const auto value = objects.read_bool(key, attribute.type);
    if (!value) return std::unexpected(value.error());
    found.evidence[attribute.name] = *value ? Json(**value) : Json();
    if (!breaks(attribute.rule, *value)) continue;
    auto fault = fmt::format("{} is {}", attribute.name, text_of(*value));
    if (attribute.rule == Rule::History) {
      found.unproven.push_back(std::move(fault));
    } else {
      found.complaint += (found.complaint.empty() ? "" : ", ") + fault;
    }
  }
  auto mechanisms = allowed_mechanisms(objects, key);
  if (!mechanisms) return pass_on(mechanisms);
  found.evidence["CKA_ALLOWED_MECHANISMS"] = std::move(*mechanisms);
  return found;
}

}  // namespace sealroom
