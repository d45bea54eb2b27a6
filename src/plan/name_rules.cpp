#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "characters.hpp"
#include "rules.hpp"
#include "sealroom/base/text.hpp"
#include "sealroom/x509/name.hpp"

namespace sealroom {
namespace {

enum class Strings { Directory, Printable, Ia5 };

struct AttributeRule {
  std::string_view oid;
  std::size_t longest;  // characters
  Strings strings;
};

// RFC 5280 appendix A.1 (upper bounds and string types), RFC 4519 section 2.39 (uid), RFC 4043 (serialNumber).
constexpr std::array kAttributes{
    AttributeRule{"2.5.4.3", 64, Strings::Directory},                     // commonName
    AttributeRule{"2.5.4.4", 32768, Strings::Directory},                  // surname
    AttributeRule{"2.5.4.5", 64, Strings::Printable},                     // serialNumber
    AttributeRule{"2.5.4.6", 2, Strings::Printable},                      // countryName
    AttributeRule{"2.5.4.7", 128, Strings::Directory},                    // localityName
    AttributeRule{"2.5.4.8", 128, Strings::Directory},                    // stateOrProvinceName
    AttributeRule{"2.5.4.9", 128, Strings::Directory},                    // streetAddress
    AttributeRule{"2.5.4.10", 64, Strings::Directory},                    // organizationName
    AttributeRule{"2.5.4.11", 64, Strings::Directory},                    // organizationalUnitName
    AttributeRule{"2.5.4.12", 64, Strings::Directory},                    // title
    AttributeRule{"2.5.4.13", 1024, Strings::Directory},                  // description
    AttributeRule{"2.5.4.15", 128, Strings::Directory},                   // businessCategory
    AttributeRule{"2.5.4.17", 40, Strings::Directory},                    // postalCode
    AttributeRule{"2.5.4.41", 32768, Strings::Directory},                 // name
    AttributeRule{"2.5.4.42", 32768, Strings::Directory},                 // givenName
    AttributeRule{"2.5.4.43", 32768, Strings::Directory},                 // initials
    AttributeRule{"2.5.4.44", 32768, Strings::Directory},                 // generationQualifier
    AttributeRule{"2.5.4.46", 32768, Strings::Printable},                 // dnQualifier
    AttributeRule{"2.5.4.65", 128, Strings::Directory},                   // pseudonym
    AttributeRule{"1.2.840.113549.1.9.1", 255, Strings::Ia5},             // emailAddress
    AttributeRule{"0.9.2342.19200300.100.1.25", 63, Strings::Ia5},        // domainComponent, a DNS label
    AttributeRule{"0.9.2342.19200300.100.1.1", 256, Strings::Directory},  // uid
};

constexpr std::string_view kCountry = "2.5.4.6";

const AttributeRule* rule_for(std::string_view oid) {
  const auto found = std::ranges::find(kAttributes, oid, &AttributeRule::oid);
  return found == kAttributes.end() ? nullptr : found;
}

std::string type_name(int type) {
  switch (type) {
    case V_ASN1_UTF8STRING: return "UTF8String";
    case V_ASN1_PRINTABLESTRING: return "PrintableString";
    case V_ASN1_IA5STRING: return "IA5String";
    case V_ASN1_T61STRING: return "TeletexString";
    case V_ASN1_BMPSTRING: return "BMPString";
    case V_ASN1_UNIVERSALSTRING: return "UniversalString";
    default: return fmt::format("ASN.1 type {}", type);
  }
}

bool type_is_right(const AttributeRule* rule, int type) {
  const bool directory = type == V_ASN1_UTF8STRING || type == V_ASN1_PRINTABLESTRING;
  if (rule == nullptr) return directory || type == V_ASN1_IA5STRING;
  switch (rule->strings) {
    case Strings::Directory: return directory;
    case Strings::Printable: return type == V_ASN1_PRINTABLESTRING;
    case Strings::Ia5: return type == V_ASN1_IA5STRING;
  }
  std::abort();
}

std::string right_types(const AttributeRule* rule) {
  if (rule == nullptr || rule->strings == Strings::Directory) return "UTF8String or PrintableString";
  return rule->strings == Strings::Printable ? "PrintableString" : "IA5String";
}

// The value is well-formed for its string type: ParsedRequest sees to that.
std::size_t characters_in(const NameEntry& entry) {
  if (entry.string_type != V_ASN1_UTF8STRING) return entry.value.size();
  const auto begins_character = [](std::uint8_t octet) { return (octet & 0xc0) != 0x80; };
  return static_cast<std::size_t>(std::ranges::count_if(entry.value, begins_character));
}

void judge_entry(const NameEntry& entry, Findings& findings) {
  const auto* rule = rule_for(entry.oid);
  const auto shown = [&] {
    return fmt::format("subject part {}=\"{}\"", entry.short_name(), printable(as_text(entry.value)));
  };
  if (!type_is_right(rule, entry.string_type)) {
    findings.push_back({"names.encoding", fmt::format("{} is a {}; it must be a {}", shown(),
                                                      type_name(entry.string_type), right_types(rule))});
    return;
  }
  if (has_control_character(as_text(entry.value))) {
    findings.push_back(
        {"names.encoding", fmt::format("{} has a control character or NUL in it; correct the value", shown())});
    return;
  }
  if (has_invisible_character(as_text(entry.value))) {
    findings.push_back({"names.encoding",
                        fmt::format("{} has a character that is not seen and changes how the rest is read; write the "
                                    "value without it",
                                    shown())});
    return;
  }
  const std::size_t length = characters_in(entry);
  if (entry.oid == kCountry) {
    if (length != 2 || !std::ranges::all_of(as_text(entry.value), is_letter)) {
      findings.push_back(
          {"names.country", fmt::format("{} is not a country code of two letters (ISO 3166-1)", shown())});
    }
    return;
  }
  if (is_only_blanks(as_text(entry.value)) || (rule != nullptr && length > rule->longest)) {
    findings.push_back(
        {"names.length",
         fmt::format("{} has {} characters; 1 to {} are allowed, not only blanks (RFC 5280 appendix A.1)", shown(),
                     length, rule != nullptr ? rule->longest : 32768)});
  }
}

}  // namespace

Findings name_findings(ByteView name_der) {
  const auto entries = name_entries(name_der);
  if (!entries) return {{"names.encoding", "the subject is not a distinguished name: " + entries.error().message}};
  Findings findings;
  for (const auto& entry : *entries) judge_entry(entry, findings);
  return findings;
}

}  // namespace sealroom
