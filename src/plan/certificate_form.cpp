#include "certificate_form.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "general_name_syntax.hpp"
#include "sealroom/base/text.hpp"
#include "sealroom/crypto/crypto.hpp"
#include "usages.hpp"

namespace sealroom {
namespace {

enum class Criticality { Must, MustOfCa, May, MustNot };

struct ExtensionRule {
  std::string_view oid;
  Criticality criticality;
  bool ca_only = false;
};

// Extensions of RFC 5280 section 4.2. That keyUsage of a CA is critical is its "should" and CA/B BR 7.1.2.10.7's must.
constexpr std::array kExtensions{
    ExtensionRule{kSubjectKeyIdentifier, Criticality::MustNot},
    ExtensionRule{kAuthorityKeyIdentifier, Criticality::MustNot},
    ExtensionRule{kKeyUsage, Criticality::MustOfCa},
    ExtensionRule{kAlternativeName, Criticality::May},
    ExtensionRule{kBasicConstraints, Criticality::MustOfCa},
    ExtensionRule{kExtendedKeyUsage, Criticality::May},
    ExtensionRule{"2.5.29.32", Criticality::May},               // certificatePolicies
    ExtensionRule{"2.5.29.33", Criticality::May, true},         // policyMappings
    ExtensionRule{"2.5.29.9", Criticality::MustNot},            // subjectDirectoryAttributes
    ExtensionRule{"2.5.29.30", Criticality::Must, true},        // nameConstraints
    ExtensionRule{"2.5.29.36", Criticality::Must, true},        // policyConstraints
    ExtensionRule{"2.5.29.31", Criticality::May},               // crlDistributionPoints
    ExtensionRule{"2.5.29.54", Criticality::Must, true},        // inhibitAnyPolicy
    ExtensionRule{"2.5.29.46", Criticality::MustNot},           // freshestCRL
    ExtensionRule{"1.3.6.1.5.5.7.1.1", Criticality::MustNot},   // authorityInfoAccess
    ExtensionRule{"1.3.6.1.5.5.7.1.11", Criticality::MustNot},  // subjectInfoAccess
};

const ExtensionRule* rule_for(std::string_view oid) {
  const auto found = std::ranges::find(kExtensions, oid, &ExtensionRule::oid);
  return found == kExtensions.end() ? nullptr : found;
}

void judge_location(const GENERAL_NAME* name, std::string_view extension, Findings& findings) {
  if (name->type == GEN_DIRNAME) return;
  const ByteView octets = name->type == GEN_URI ? ByteView(ASN1_STRING_get0_data(name->d.ia5),
                                                           static_cast<std::size_t>(ASN1_STRING_length(name->d.ia5)))
                                                : ByteView();
  const auto uri = as_text(octets);
  const auto scheme = ascii_lower(uri.substr(0, std::min(uri.find("://"), uri.size())));
  const bool known = scheme == "http" || scheme == "https" || scheme == "ldap" || scheme == "ldaps";
  const auto trouble = known ? uri_trouble(uri) : std::optional<std::string>("is no http or ldap URI with a host");
  if (trouble) {
    findings.push_back({"cert.locations", fmt::format("{} \"{}\" {}", extension, printable(uri), *trouble)});
  }
}

void judge_points(const Certificate& certificate, int nid, std::string_view shown, Findings& findings) {
  using OwnedPoints = Owned<CRL_DIST_POINTS, CRL_DIST_POINTS_free>;
  const OwnedPoints points(static_cast<CRL_DIST_POINTS*>(X509_get_ext_d2i(certificate.get(), nid, nullptr, nullptr)));
  for (int i = 0; i < sk_DIST_POINT_num(points.get()); ++i) {
    const DIST_POINT_NAME* name = sk_DIST_POINT_value(points.get(), i)->distpoint;
    if (name == nullptr || name->type != 0) continue;  // 0: fullName
    for (int k = 0; k < sk_GENERAL_NAME_num(name->name.fullname); ++k) {
      judge_location(sk_GENERAL_NAME_value(name->name.fullname, k), shown, findings);
    }
  }
}

void judge_access(const Certificate& certificate, int nid, std::string_view shown, Findings& findings) {
  using OwnedAccess = Owned<AUTHORITY_INFO_ACCESS, AUTHORITY_INFO_ACCESS_free>;
  const OwnedAccess access(
      static_cast<AUTHORITY_INFO_ACCESS*>(X509_get_ext_d2i(certificate.get(), nid, nullptr, nullptr)));
  for (int i = 0; i < sk_ACCESS_DESCRIPTION_num(access.get()); ++i) {
    judge_location(sk_ACCESS_DESCRIPTION_value(access.get(), i)->location, shown, findings);
  }
}

}  // namespace

void judge_signature_algorithm(const Certificate& certificate, const PublicKey& issuer, Findings& findings) {
  const auto add = [&](std::string detail) { findings.push_back({"cert.signature-algorithm", std::move(detail)}); };
  const X509_ALGOR* outside = nullptr;
  X509_get0_signature(nullptr, &outside, certificate.get());
  const X509_ALGOR* inside = X509_get0_tbs_sigalg(certificate.get());
  if (X509_ALGOR_cmp(inside, outside) != 0) add("the signature algorithm inside differs from the one outside");
  const ASN1_OBJECT* object = nullptr;
  int parameters = 0;
  X509_ALGOR_get0(&object, &parameters, nullptr, inside);
  int hash = NID_undef;
  int key = NID_undef;
  const bool known = OBJ_find_sigid_algs(OBJ_obj2nid(object), &hash, &key) == 1 &&
                     (hash == NID_sha256 || hash == NID_sha384 || hash == NID_sha512);
  const bool rsa = issuer.type() == KeyType::Rsa;
  if (!known || key != (rsa ? NID_rsaEncryption : NID_X9_62_id_ecPublicKey)) {
    add("the signature algorithm is not SHA-256, SHA-384 or SHA-512 with the issuer's kind of key");
  } else if (parameters != (rsa ? V_ASN1_NULL : V_ASN1_UNDEF)) {
    add("the signature algorithm has other parameters than NULL (RSA) or none (ECDSA)");
  }
}

void judge_time_encoding(const Certificate& certificate, Findings& findings) {
  const Instant first_generalized{std::chrono::sys_days{std::chrono::year{2050} / 1 / 1}};
  const auto judge = [&](Instant instant, const ASN1_TIME* time, std::string_view shown) {
    const int right = instant < first_generalized ? V_ASN1_UTCTIME : V_ASN1_GENERALIZEDTIME;
    if (ASN1_STRING_type(time) == right) return;
    findings.push_back({"cert.time-encoding", fmt::format("{} {} is not encoded as {}", shown, to_rfc3339(instant),
                                                          right == V_ASN1_UTCTIME ? "UTCTime" : "GeneralizedTime")});
  };
  judge(certificate.not_before(), X509_get0_notBefore(certificate.get()), "notBefore");
  judge(certificate.not_after(), X509_get0_notAfter(certificate.get()), "notAfter");
}

void judge_criticality(const Certificate& certificate, Findings& findings) {
  for (const auto& extension : certificate.extensions()) {
    const auto* rule = rule_for(extension.oid);
    const auto name = short_name_of(extension.oid);
    if (rule == nullptr) {
      if (extension.critical) {
        findings.push_back({"cert.unknown-critical", fmt::format("{} is critical, and readers that do not know it must "
                                                                 "reject the certificate",
                                                                 name)});
      }
      continue;
    }
    const bool must =
        rule->criticality == Criticality::Must || (rule->criticality == Criticality::MustOfCa && certificate.is_ca());
    if (must && !extension.critical) findings.push_back({"cert.criticality", fmt::format("{} is not critical", name)});
    if (rule->criticality == Criticality::MustNot && extension.critical) {
      findings.push_back({"cert.criticality", fmt::format("{} is critical", name)});
    }
  }
}

void judge_ca_extensions(const Certificate& certificate, Findings& findings) {
  if (certificate.is_ca()) return;
  for (const auto& extension : certificate.extensions()) {
    const auto* rule = rule_for(extension.oid);
    if (rule == nullptr || !rule->ca_only) continue;
    findings.push_back(
        {"cert.ca-extension", fmt::format("{} is for certificates of CAs only", short_name_of(extension.oid))});
  }
}

void judge_locations(const Certificate& certificate, Findings& findings) {
  judge_points(certificate, NID_crl_distribution_points, "crlDistributionPoints", findings);
  judge_points(certificate, NID_freshest_crl, "freshestCRL", findings);
  judge_access(certificate, NID_info_access, "authorityInfoAccess", findings);
  judge_access(certificate, NID_sinfo_access, "subjectInfoAccess", findings);
  openssl_errors();
}

}  // namespace sealroom
