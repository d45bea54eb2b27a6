#include <algorithm>
#include <cstdlib>
#include <vector>

#include <fmt/format.h>

#include "distinguished_name.hpp"
#include "rules.hpp"
#include "sealroom/base/text.hpp"
#include "sealroom/crypto/crypto.hpp"
#include "sealroom/x509/name.hpp"

namespace sealroom {
namespace {

constexpr std::string_view kEmail = "1.2.840.113549.1.9.1";

OwnedObject object_of(const std::string& oid) {
  OwnedObject object(OBJ_txt2obj(oid.c_str(), 1));
  if (!object) std::abort();  // the configuration was loaded with it
  return object;
}

std::vector<X509_NAME_ENTRY*> entries_of(const X509_NAME* name, const ASN1_OBJECT* object) {
  std::vector<X509_NAME_ENTRY*> entries;
  for (int at = -1; (at = X509_NAME_get_index_by_OBJ(name, object, at)) >= 0;) {
    entries.push_back(X509_NAME_get_entry(name, at));
  }
  return entries;
}

// SubjectPlan applies an issuer's policy section to a request's name, step by step as `openssl ca` does: the parts
// come in the order of the section, repeated parts stay together, every part becomes a set of its own.
class SubjectPlan {
 public:
  SubjectPlan(const IssuerConfig& issuer, const Certificate* certificate, ByteView asked, Examination& examination)
      : issuer_(issuer), asked_(decode_name(asked)), made_(X509_NAME_new()), examination_(examination) {
    if (!made_) std::abort();
    if (certificate != nullptr) issuer_name_ = X509_get_subject_name(certificate->get());
  }

  Bytes make() {
    for (const auto& field : issuer_.policy()) apply(field);
    if (issuer_.preserve() == Preserve::Yes) made_.reset(X509_NAME_dup(asked_.get()));
    if (issuer_.email_in_dn() == EmailInDn::No) remove_email();
    return der_of(made_.get(), i2d_X509_NAME);
  }

 private:
  void apply(const PolicyField& field) {
    const auto entries = entries_of(asked_.get(), object_of(field.oid).get());
    if (entries.empty() && field.rule != PolicyRule::Optional) {
      refuse(examination_, "subject.missing",
             fmt::format("the subject has no {}, and the policy in {} asks for it ({}); add it to the request",
                         field.name, issuer_.file(), field.rule == PolicyRule::Match ? "match" : "supplied"));
    }
    for (const auto* entry : entries) {
      const auto* used = field.rule == PolicyRule::Match ? matching(field, entry) : entry;
      if (used != nullptr && X509_NAME_add_entry(made_.get(), used, -1, 0) != 1) std::abort();
    }
  }

  // The issuer's own entry that equals `asked`, the very same one where there is one, as `openssl ca` would find it;
  // without an issuer's name to compare with, `asked`.
  const X509_NAME_ENTRY* matching(const PolicyField& field, const X509_NAME_ENTRY* asked) {
    if (issuer_name_ == nullptr) return asked;
    const auto own = entries_of(issuer_name_, object_of(field.oid).get());
    for (const auto* entry : own) {
      if (ASN1_STRING_cmp(X509_NAME_ENTRY_get_data(entry), X509_NAME_ENTRY_get_data(asked)) == 0) return entry;
    }
    for (const auto* entry : own) {
      if (same_entry(entry, asked)) return entry;
    }
    std::string values;
    for (const auto* entry : own)
      values += fmt::format("{}\"{}\"", values.empty() ? "" : " or ", printable_value(entry));
    refuse(examination_, "subject.match",
           own.empty() ? fmt::format("the policy in {} wants {} to match, and the issuer's own name has none; correct "
                                     "the policy section",
                                     issuer_.file(), field.name)
                       : fmt::format("{} is \"{}\" in the request and must be {} as in the issuer's own name; correct "
                                     "the request",
                                     field.name, printable_value(asked), values));
    return nullptr;
  }

  void remove_email() {
    for (int at = -1; (at = X509_NAME_get_index_by_NID(made_.get(), NID_pkcs9_emailAddress, at)) >= 0; --at) {
      const OwnedNameEntry removed(X509_NAME_delete_entry(made_.get(), at));
    }
  }

  const IssuerConfig& issuer_;
  OwnedName asked_;
  const X509_NAME* issuer_name_ = nullptr;
  OwnedName made_;
  Examination& examination_;
};

void remark_dropped(const IssuerConfig& issuer, const std::vector<NameEntry>& asked, Examination& examination) {
  for (const auto& entry : asked) {
    const bool in_policy = std::ranges::find(issuer.policy(), entry.oid, &PolicyField::oid) != issuer.policy().end();
    const bool email = entry.oid == kEmail && issuer.email_in_dn() == EmailInDn::No;
    if (!email && (in_policy || issuer.preserve() == Preserve::Yes)) continue;
    remark(examination, "subject.dropped",
           fmt::format("subject part {}=\"{}\" is left out of the certificate: {}", entry.short_name(),
                       printable(as_text(entry.value)),
                       email ? "email_in_dn = no" : "the policy in " + issuer.file() + " does not name it"));
  }
}

void judge_own_name(const ParsedRequest& request, const Rules& rules, Examination& examination) {
  examination.subject = rules.issuer->own_name();
  if (request.subject() == examination.subject) return;
  refuse(examination, "subject.own-name",
         fmt::format("the issuer's own certificate must have the name of [req] distinguished_name in {}, {}; the "
                     "request has {}",
                     rules.issuer->file(), printable_name(examination.subject), printable_name(request.subject())));
}

}  // namespace

void judge_subject(const ParsedRequest& request, const Rules& rules, Examination& examination) {
  if (rules.issuer == nullptr) return;
  const auto asked = name_entries(request.subject());
  if (!asked) return;  // name_findings() says so
  if (rules.profile != nullptr && rules.profile->own_certificate) return judge_own_name(request, rules, examination);

  examination.subject = SubjectPlan(*rules.issuer, rules.issuer_certificate, request.subject(), examination).make();
  remark_dropped(*rules.issuer, *asked, examination);
  const auto made = name_entries(examination.subject);
  if (made && made->empty()) {
    refuse(examination, "subject.empty",
           "the certificate would have no subject at all; give the request a common name");
  }
}

}  // namespace sealroom
