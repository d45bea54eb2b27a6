#include "validity.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "rules.hpp"

namespace sealroom {
namespace {

using std::chrono::days;

// The last second that a certificate can name (RFC 5280 section 4.1.2.5.2: GeneralizedTime has four digits of year).
constexpr Instant kEndOfTime{std::chrono::sys_days{std::chrono::year{9999} / 12 / 31} + std::chrono::hours{24} -
                             std::chrono::seconds{1}};

bool bound_by_issuer(const Rules& rules) {
  return rules.issuer_certificate != nullptr && !rules.profile->own_certificate;
}

Validity wished_validity(const Profile& profile, Instant now, const Wish& wish) {
  Validity validity;
  validity.not_before = wish.not_before.value_or(now);
  validity.not_after = wish.not_after.value_or(validity.not_before + days(wish.days.value_or(profile.days)));
  return validity;
}

void judge_length(const Profile& profile, const Validity& validity, Instant now, Examination& examination) {
  if (validity.not_after <= validity.not_before || validity.not_after <= now) {
    refuse(examination, "validity.order",
           fmt::format("the certificate would be valid from {} until {}, which ends before it begins or is past; "
                       "correct --days, --not-before or --not-after",
                       to_rfc3339(validity.not_before), to_rfc3339(validity.not_after)));
    return;
  }
  if (validity.not_after - validity.not_before > days(profile.maximum_days) || validity.not_after > kEndOfTime) {
    const auto whole = std::chrono::ceil<days>(validity.not_after - validity.not_before).count();
    refuse(examination, "validity.too-long",
           fmt::format("the certificate would be valid for {} days, and profile {} allows at most {}; ask for fewer "
                       "days",
                       whole, profile.name, profile.maximum_days));
  }
}

// When the issuer's certificate and every one above it are valid: outside of that no chain verifies.
Validity bounds_of(const Rules& rules) {
  Validity bounds{rules.issuer_certificate->not_before(), rules.issuer_certificate->not_after()};
  for (const auto& certificate : rules.above) {
    bounds.not_before = std::max(bounds.not_before, certificate.not_before());
    bounds.not_after = std::min(bounds.not_after, certificate.not_after());
  }
  return bounds;
}

void judge_issuer_validity(const Validity& issuer, Instant now, Examination& examination) {
  if (now >= issuer.not_before && now <= issuer.not_after) return;
  refuse(examination, "issuer.validity",
         fmt::format("the issuer's certificate and those above it are valid from {} until {}, and it is {} now; {}",
                     to_rfc3339(issuer.not_before), to_rfc3339(issuer.not_after), to_rfc3339(now),
                     now < issuer.not_before ? "check the clock" : "renew the issuer"));
}

// Keeps the certificate's validity within its issuer's (RFC 5280 section 6 needs both at every moment of use).
void fit_into_issuer(const Validity& issuer, const Profile& profile, Validity& validity, Examination& examination) {
  if (validity.not_before < issuer.not_before) {
    refuse(examination, "validity.not-before",
           fmt::format("the certificate would begin at {}, before its issuer does ({}); ask for a later --not-before",
                       to_rfc3339(validity.not_before), to_rfc3339(issuer.not_before)));
  }
  if (validity.not_after <= issuer.not_after) return;
  if (profile.past_issuer == PastIssuer::Refuse || issuer.not_after <= validity.not_before) {
    refuse(
        examination, "validity.past-issuer",
        fmt::format("the certificate would end at {}, after its issuer does ({}); ask for fewer --days, or renew the "
                    "issuer",
                    to_rfc3339(validity.not_after), to_rfc3339(issuer.not_after)));
    return;
  }
  remark(examination, "validity.cut",
         fmt::format("the certificate ends with its issuer at {} instead of {}", to_rfc3339(issuer.not_after),
                     to_rfc3339(validity.not_after)));
  validity.not_after = issuer.not_after;
}

}  // namespace

Validity decide_validity(const Rules& rules, Instant now, const Wish& wish, Examination& examination) {
  auto validity = wished_validity(*rules.profile, now, wish);
  judge_length(*rules.profile, validity, now, examination);
  if (bound_by_issuer(rules)) {
    const auto bounds = bounds_of(rules);
    judge_issuer_validity(bounds, now, examination);
    fit_into_issuer(bounds, *rules.profile, validity, examination);
  }
  return validity;
}

}  // namespace sealroom
