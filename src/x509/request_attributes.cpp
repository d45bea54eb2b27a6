#include "request_attributes.hpp"

#include <map>
#include <set>

#include <fmt/format.h>

namespace sealroom {
namespace {

constexpr const char* kExtensionRequest = "1.2.840.113549.1.9.14";      // PKCS#9 (RFC 2985 section 5.4.2)
constexpr const char* kMicrosoftExtensions = "1.3.6.1.4.1.311.2.1.14";  // szOID_CERT_EXTENSIONS, same syntax
constexpr const char* kSubjectAltName = "2.5.29.17";
constexpr std::string_view kCertificateExtensions = "2.5.29.";  // id-ce, RFC 5280 section 4.2.1

std::size_t values_in(ByteView contents) {
  der::Reader values(contents);
  std::size_t count = 0;
  while (values.next()) ++count;
  return count;
}

class AttributeReader {
 public:
  AttributeReader(const RequestLimits& limits, Findings& findings) : limits_(limits), findings_(findings) {}

  RequestAttributes read(ByteView contents) {
    if (const auto count = values_in(contents); count > limits_.attributes) {
      add_limit("request.attributes", "the request has {} attributes", count, limits_.attributes);
      return std::move(out_);
    }
    if (!der::in_set_order(contents)) add("request.not-der", "the attributes of the request are not in DER order");
    der::Reader attributes(contents);
    while (!attributes.done()) read_attribute(*attributes.next());
    take_extensions();
    return std::move(out_);
  }

 private:
  void add(const char* id, std::string detail) {
    findings_.push_back({id, std::move(detail) + "; make the request again"});
  }

  void add_limit(const char* id, fmt::format_string<std::size_t&> what, std::size_t count, std::size_t limit) {
    add(id, fmt::format("{}, more than the limit of {} (limits in sealroom.yaml)", fmt::format(what, count), limit));
  }

  // Attribute ::= SEQUENCE { type OBJECT IDENTIFIER, values SET SIZE(1..MAX) OF ANY }
  void read_attribute(const der::Value& attribute) {
    der::Reader parts(attribute.contents);
    const auto type = attribute.identifier == der::kSequence ? parts.next(der::kOid) : std::nullopt;
    const auto values = parts.next(der::kSet);
    if (!type || !values || !parts.done()) {
      return add("request.not-pkcs10", "an attribute of the request is not a type and a set of values");
    }
    const std::string oid = der::oid_text(type->contents);
    const bool asks_for_extensions = oid == kExtensionRequest || oid == kMicrosoftExtensions;
    if (!seen_.insert(oid).second) {
      return add(asks_for_extensions ? "request.extension-requests" : "request.attribute-duplicate",
                 fmt::format("the attribute {} stands twice", der::oid_name(oid)));
    }
    out_.attributes.push_back(oid);
    der::Reader each(values->contents);
    const auto value = each.next();
    if (!value || !each.done()) {
      return add("request.attribute-values", fmt::format("the attribute {} has {} values, where one is right",
                                                         der::oid_name(oid), value ? "several" : "no"));
    }
    if (asks_for_extensions) requests_[oid] = *value;
  }

  void take_extensions() {
    if (requests_.empty()) return;
    const auto standard = requests_.find(kExtensionRequest);
    const auto microsoft = requests_.find(kMicrosoftExtensions);
    if (requests_.size() == 2 && !equal(standard->second.whole, microsoft->second.whole)) {
      add("request.extension-requests",
          "the request asks for extensions in the PKCS#9 way and, differently, in Microsoft's way");
    }
    const auto& chosen = standard != requests_.end() ? standard->second : microsoft->second;
    if (chosen.identifier != der::kSequence) {
      return add("request.not-pkcs10", "the extension request is not a sequence of extensions");
    }
    if (const auto count = values_in(chosen.contents); count > limits_.extensions) {
      return add_limit("request.extensions", "the request asks for {} extensions", count, limits_.extensions);
    }
    der::Reader extensions(chosen.contents);
    while (!extensions.done()) read_extension(*extensions.next());
  }

  // Extension ::= SEQUENCE { extnID OBJECT IDENTIFIER, critical BOOLEAN DEFAULT FALSE, extnValue OCTET STRING }
  void read_extension(const der::Value& extension) {
    der::Reader parts(extension.contents);
    const auto oid = extension.identifier == der::kSequence ? parts.next(der::kOid) : std::nullopt;
    const auto critical = parts.next(der::kBoolean);
    const auto value = parts.next(der::kOctetString);
    if (!oid || !value || !parts.done()) {
      return add("request.not-pkcs10", "a requested extension is not an identifier, a criticality and a value");
    }
    RequestedExtension asked;
    asked.oid = der::oid_text(oid->contents);
    asked.name = der::oid_name(asked.oid);
    asked.critical = critical && critical->contents[0] != 0;
    asked.value = copy(value->contents);
    asked.der = copy(extension.whole);
    if (critical && !asked.critical) {
      add("request.not-der", fmt::format("the requested extension {} spells out that it is not critical, which is the "
                                         "default and has no place in DER",
                                         asked.name));
    }
    if (!extensions_seen_.insert(asked.oid).second) {
      return add("request.extension-duplicate", fmt::format("the extension {} is requested twice", asked.name));
    }
    check_value(asked);
    out_.extensions.push_back(std::move(asked));
  }

  // Values of the standard extensions are DER too; what others hold is their affair.
  void check_value(const RequestedExtension& asked) {
    if (!asked.oid.starts_with(kCertificateExtensions)) return;
    if (const auto fault = der::check(asked.value, limits_.nesting)) {
      return add("request.extension-encoding",
                 fmt::format("the value of the requested extension {} is not DER: {}", asked.name, fault->reason));
    }
    if (asked.oid == kSubjectAltName) count_alternative_names(asked.value);
  }

  void count_alternative_names(ByteView value) {
    const std::size_t count = values_in(der::Reader(value).next()->contents);
    if (count <= limits_.alternative_names) return;
    findings_.push_back(
        {"request.alternative-names",
         fmt::format("subjectAltName has {} names, more than the limit of {} (limits in sealroom.yaml); "
                     "divide them over several certificates",
                     count, limits_.alternative_names)});
  }

  const RequestLimits& limits_;
  Findings& findings_;
  RequestAttributes out_;
  std::set<std::string> seen_;
  std::set<std::string> extensions_seen_;
  std::map<std::string, der::Value> requests_;
};

}  // namespace

RequestAttributes read_request_attributes(ByteView contents, const RequestLimits& limits, Findings& findings) {
  return AttributeReader(limits, findings).read(contents);
}

}  // namespace sealroom
