#include "sealroom/plan/decide.hpp"

#include <algorithm>
#include <cstdlib>

#include <fmt/format.h>

#include "distinguished_name.hpp"
#include "rules.hpp"
#include "sealroom/x509/name.hpp"
#include "validity.hpp"

namespace sealroom {
namespace {

void judge_profile(const Rules& rules, Examination& examination) {
  const bool own = rules.profile->own_certificate;
  if (own == (rules.issuer_certificate == nullptr)) return;
  refuse(examination, "profile.own-certificate",
         own ? fmt::format("profile {} is only for the issuer's own self-signed certificate, which exists already; "
                           "choose another profile",
                           rules.profile->name)
             : fmt::format("the issuer has no certificate yet, and profile {} is not for its own; install the issuer's "
                           "certificate first",
                           rules.profile->name));
}

void judge_repetition(const Facts& facts, Examination& examination) {
  if (facts.same_request) {
    refuse(examination, "request.already-issued",
           fmt::format("this very request was issued before: serial {} in batch {}; export that batch again, or import "
                       "with --reissue and a reason",
                       facts.same_request->serial, facts.same_request->batch));
  }
  if (facts.same_request_in_batch) {
    refuse(examination, "request.duplicate",
           fmt::format("the same request is in this batch already, as {}; one file is enough",
                       *facts.same_request_in_batch));
  }
}

// Names the CA whose key the request carries, if it does. The issuer's own key is told by its certificate; for any
// other, and for a CA that asks for a certificate of its own key, the caller knows.
std::optional<std::string> ca_with_key(const Digest& key, const Rules& rules, const Facts& facts) {
  if (facts.key_of_issuer) return facts.key_of_issuer;
  const auto* certificate = rules.profile->own_certificate ? nullptr : rules.issuer_certificate;
  if (certificate != nullptr && certificate->key().digest() == key) return printable_name(certificate->subject());
  return std::nullopt;
}

void judge_key_history(const Digest& key, const Rules& rules, const Facts& facts, Examination& examination) {
  if (const auto owner = ca_with_key(key, rules, facts)) {
    refuse(examination, "key.of-a-ca",
           fmt::format("the request carries the key of {}, one of the appliance's own; make "
                       "a new key",
                       *owner));
  }
  const EarlierCertificate* renewed = nullptr;
  for (const auto& earlier : facts.same_key) {
    if (!examination.subject.empty() && same_name(earlier.subject, examination.subject)) {
      renewed = &earlier;
      continue;
    }
    refuse(examination, "key.other-subject",
           fmt::format("the key already belongs to {} (serial {}, issuer {}, batch {}); make a new key, or import with "
                       "--reissue and a reason",
                       printable_name(earlier.subject), earlier.serial, earlier.issuer, earlier.batch));
  }
  if (renewed != nullptr && examination.refusals.empty()) {
    remark(examination, "key.renewal",
           fmt::format("renews serial {} of issuer {}: same key, same subject", renewed->serial, renewed->issuer));
  }
}

// What the token signs must verify under the issuer's certificate.
void judge_issuer_key(const Rules& rules, const Facts& facts, Examination& examination) {
  const auto* certificate = rules.profile->own_certificate ? nullptr : rules.issuer_certificate;
  if (certificate == nullptr || !facts.issuer_key || *facts.issuer_key == certificate->key().digest()) return;
  refuse(examination, "issuer.key",
         fmt::format("the issuer's certificate ({}) is not for the key on the issuer's token; install the certificate "
                     "of that key",
                     printable_name(certificate->subject())));
}

void judge_uniqueness(const Rules& rules, const Facts& facts, Examination& examination) {
  if (rules.issuer->unique_subject() == UniqueSubject::No || facts.same_subject.empty()) return;
  const auto& earlier = facts.same_subject.front();
  refuse(examination, "subject.not-unique",
         fmt::format("{} already has the valid certificate {} (batch {}), and {} says unique_subject = yes; revoke it "
                     "first or change the subject",
                     printable_name(examination.subject), earlier.serial, earlier.batch, rules.issuer->file()));
}

// `key` is nothing where the request has none that can be read.
Validity judge_by_facts(const std::optional<Digest>& key, const Rules& rules, const Facts& facts, const Wish& wish,
                        Examination& examination) {
  if (rules.issuer == nullptr || rules.profile == nullptr) std::abort();
  judge_profile(rules, examination);
  judge_repetition(facts, examination);
  judge_uniqueness(rules, facts, examination);
  judge_issuer_key(rules, facts, examination);
  const auto validity = decide_validity(rules, facts.now, wish, examination);
  if (key) judge_key_history(*key, rules, facts, examination);
  return validity;
}

}  // namespace

Decision decide(Examination examination, const Rules& rules, const Facts& facts, const Wish& wish) {
  const auto* request = examination.request();
  const auto key = request != nullptr ? std::optional(request->key().digest()) : std::nullopt;
  const auto validity = judge_by_facts(key, rules, facts, wish, examination);
  if (!examination.refusals.empty() || !examination.csr) return Refusal{std::move(examination)};
  return Permit(std::move(examination), rules, validity);
}

Findings objections(const Digest& key, ByteView subject, const Rules& rules, const Facts& facts, const Wish& wish) {
  Examination granted;
  granted.subject = copy(subject);
  judge_by_facts(key, rules, facts, wish, granted);
  return std::move(granted.refusals);
}

}  // namespace sealroom
