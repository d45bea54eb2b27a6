#include <fmt/format.h>

#include "rules.hpp"
#include "usages.hpp"

namespace sealroom {
namespace {

constexpr std::string_view kReplaced = "replaced by the profile's";
constexpr std::string_view kRefused = "refused";
constexpr std::string_view kDropped = "dropped";
constexpr std::string_view kNotEvaluated = "not evaluated";
constexpr std::string_view kRead = "read";
constexpr std::string_view kIgnored = "ignored";

// The attributes in which a request asks for extensions, each of which is listed by itself.
constexpr std::string_view kExtensionRequest = "1.2.840.113549.1.9.14";
constexpr std::string_view kMicrosoftExtensions = "1.3.6.1.4.1.311.2.1.14";

constexpr std::uint32_t kCaUsageBits = kKeyCertSignBit | kCrlSignBit;

// The extensions of one request under judgement.
class ExtensionJudge {
 public:
  ExtensionJudge(KeyType key, const Rules& rules, Examination& examination) : rules_(rules), examination_(examination) {
    if (rules.issuer != nullptr && rules.profile != nullptr) {
      section_ = usages_of_section(*rules.issuer, rules.profile->section_of(key));
    }
  }

  void judge(const RequestedExtension& extension) {
    shown_ = "extension " + short_name_of(extension.oid);
    if (extension.oid == kAlternativeName) return judge_names(extension);
    if (extension.oid == kBasicConstraints) return judge_constraints(extension);
    if (extension.oid == kKeyUsage || extension.oid == kNetscapeCertType) return judge_bits(extension);
    if (extension.oid == kExtendedKeyUsage) return judge_purposes(extension);
    // Requests carry these on their own account (keytool always does); they claim nothing.
    if (extension.oid == kSubjectKeyIdentifier || extension.oid == kAuthorityKeyIdentifier) return treat(kReplaced);
    if (extension.oid == kNetscapeComment) return treat(defined(kNetscapeComment) ? kReplaced : kDropped);
    judge_other(extension);
  }

  void judge_missing_names() {
    if (!section_ || rules_.profile->purpose != Purpose::Server) return;
    if (defined(kAlternativeName) || has_hosts_) return;
    if (lacks_hosts_) {
      refuse(
          examination_, "names.missing-san",
          fmt::format("profile {} is for servers, and subjectAltName has neither a DNS nor an IP name; add the names "
                      "that clients connect to",
                      rules_.profile->name));
      return;
    }
    if (asked_for_names_) {
      refuse(examination_, "names.missing-san",
             fmt::format("profile {} is for servers, which need subjectAltName, and {} copies none (copy_extensions = "
                         "none); the issuer's configuration must copy it",
                         rules_.profile->name, rules_.issuer->file()));
      return;
    }
    refuse(examination_, "names.missing-san",
           fmt::format("profile {} is for servers, and the request asks for no subjectAltName; add one: `openssl req "
                       "-addext \"subjectAltName = DNS:...\"`; `keytool -certreq` drops the names of the key pair "
                       "unless `-ext SAN=...` is repeated",
                       rules_.profile->name));
  }

 private:
  bool defined(std::string_view oid) const { return section_ && section_->extensions.contains(oid); }
  bool is_leaf() const { return rules_.profile != nullptr && rules_.profile->purpose != Purpose::Ca; }

  void treat(std::string_view happened) { examination_.treatments.push_back({shown_, std::string(happened)}); }

  void refuse_extension(std::string_view id, std::string_view why) {
    refuse(examination_, id, fmt::format("{} {}", shown_, why));
    treat(kRefused);
  }

  void refuse_malformed() {
    refuse_extension("extension.malformed",
                     "is not the DER that it should be (RFC 5280 section 4.2.1); make the "
                     "request anew");
  }

  void judge_names(const RequestedExtension& extension) {
    asked_for_names_ = true;
    if (defined(kAlternativeName)) return treat(kReplaced);
    const bool copied = section_ && rules_.issuer->copy_extensions() == CopyExtensions::SubjectAltName &&
                        !rules_.profile->own_certificate;
    if (section_ && !copied) {
      remark(examination_, "extension.dropped",
             fmt::format("{} is not copied into the certificate ({})", shown_,
                         rules_.profile->own_certificate ? "it is the issuer's own"
                                                         : "copy_extensions = none in " + rules_.issuer->file()));
      return treat(kDropped);
    }
    auto findings = alternative_name_findings(extension.value, rules_.profile);
    const bool good = findings.empty();
    for (auto& finding : findings) examination_.refusals.push_back(std::move(finding));
    lacks_hosts_ = lacks_hosts(extension.value);
    has_hosts_ = !lacks_hosts_;  // of a malformed list it is not known, and names.malformed is said
    if (good && copied) examination_.alternative_names = extension.der;
    treat(!good ? kRefused : copied ? "copied" : kNotEvaluated);
  }

  void judge_constraints(const RequestedExtension& extension) {
    const auto asked = read_constraints(extension.value);
    if (!asked) return refuse_malformed();
    if (asked->ca && is_leaf()) {
      return refuse_extension("extension.ca-rights", fmt::format("asks for CA:TRUE, and profile {} makes no CA; make "
                                                                 "the request without it",
                                                                 rules_.profile->name));
    }
    if (asked->ca && !section_) return treat(kNotEvaluated);
    const auto most = section_ ? section_->constraints.path_length : std::nullopt;
    if (asked->ca && most && asked->path_length && *asked->path_length > *most) {
      return refuse_extension("extension.path-length",
                              fmt::format("asks for pathlen:{}, and profile {} gives pathlen:{}; ask for no more",
                                          *asked->path_length, rules_.profile->name, *most));
    }
    treat(defined(kBasicConstraints) || !section_ ? kReplaced : kDropped);
  }

  void judge_bits(const RequestedExtension& extension) {
    const auto asked = read_usage_bits(extension.value);
    if (!asked) return refuse_malformed();
    const bool key_usage = extension.oid == kKeyUsage;
    const auto ca_bits = *asked & (key_usage ? kCaUsageBits : kNetscapeCaBits);
    if (ca_bits != 0 && is_leaf()) {
      return refuse_extension("extension.ca-rights",
                              fmt::format("asks for {}, and profile {} makes no CA; make the request without it",
                                          usage_names(extension.oid, ca_bits), rules_.profile->name));
    }
    if (!section_) return treat(kNotEvaluated);
    const auto beyond = *asked & ~(key_usage ? section_->key_usage : section_->netscape_type);
    if (beyond != 0) return refuse_usage(usage_names(extension.oid, beyond));
    treat(defined(extension.oid) ? kReplaced : kDropped);
  }

  void judge_purposes(const RequestedExtension& extension) {
    const auto asked = read_extended_key_usage(extension.value);
    if (!asked) return refuse_malformed();
    if (!section_) return treat(kNotEvaluated);
    std::string beyond;
    for (const auto& purpose : *asked) {
      if (section_->extended_key_usage.contains(purpose)) continue;
      beyond += (beyond.empty() ? "" : ", ") + short_name_of(purpose);
    }
    if (!beyond.empty()) return refuse_usage(beyond);
    treat(kReplaced);
  }

  void refuse_usage(std::string_view beyond) {
    refuse_extension("extension.usage", fmt::format("asks for {}, which profile {} does not give; make the request "
                                                    "without it or choose another profile",
                                                    beyond, rules_.profile->name));
  }

  void judge_other(const RequestedExtension& extension) {
    if (!section_) return treat(kNotEvaluated);
    if (defined(extension.oid)) return treat(kReplaced);
    if (rules_.profile->unknown_extensions == UnknownExtensions::Refuse) {
      return refuse_extension(
          "extension.unknown",
          fmt::format("is nothing that profile {} knows; make the request without it", rules_.profile->name));
    }
    remark(examination_, "extension.dropped",
           fmt::format("{} is nothing that profile {} knows and is not copied", shown_, rules_.profile->name));
    treat(kDropped);
  }

  const Rules& rules_;
  Examination& examination_;
  std::optional<SectionUsages> section_;  // nothing when there is no configuration to judge by
  std::string shown_;
  bool asked_for_names_ = false;
  bool has_hosts_ = false;
  bool lacks_hosts_ = false;
};

}  // namespace

void judge_extensions(const ParsedRequest& request, const Rules& rules, Examination& examination) {
  ExtensionJudge judge(request.key().type(), rules, examination);
  for (const auto& extension : request.extensions()) judge.judge(extension);
  judge.judge_missing_names();
  // What an attribute says (challengePassword) is nobody's business here and is never shown.
  for (const auto& oid : request.attributes()) {
    const auto happened = oid == kExtensionRequest || oid == kMicrosoftExtensions ? kRead : kIgnored;
    examination.treatments.push_back({"attribute " + short_name_of(oid), std::string(happened)});
  }
}

}  // namespace sealroom
