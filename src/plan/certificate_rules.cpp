#include <algorithm>
#include <array>
#include <concepts>
#include <cstdlib>
#include <optional>

#include <fmt/format.h>

#include "certificate_form.hpp"
#include "name_constraints.hpp"
#include "rules.hpp"
#include "sealroom/crypto/crypto.hpp"
#include "sealroom/plan/planned_certificate.hpp"
#include "sealroom/x509/name.hpp"
#include "usages.hpp"

namespace sealroom {
namespace {

using OwnedAuthorityKeyId = Owned<AUTHORITY_KEYID, AUTHORITY_KEYID_free>;
using OwnedOctets = Owned<ASN1_OCTET_STRING, ASN1_OCTET_STRING_free>;

// An empty Name: SEQUENCE of nothing.
constexpr std::array<std::uint8_t, 2> kEmptyName{0x30, 0x00};

Bytes octets_of(const ASN1_OCTET_STRING* string) {
  const auto* data = ASN1_STRING_get0_data(string);
  return {data, data + ASN1_STRING_length(string)};
}

// The key identifier that `certificate` gives itself.
std::optional<Bytes> own_key_identifier(const Certificate& certificate) {
  const auto* extension = certificate.extension(kSubjectKeyIdentifier);
  if (extension == nullptr) return std::nullopt;
  const unsigned char* next = extension->value.data();
  const OwnedOctets octets(d2i_ASN1_OCTET_STRING(nullptr, &next, static_cast<long>(extension->value.size())));
  if (octets) return octets_of(octets.get());
  openssl_errors();
  return Bytes{};
}

// One certificate under every rule.
class CertificateJudge {
 public:
  CertificateJudge(const Certificate& certificate, const Expectation& expectation)
      : certificate_(certificate), expectation_(expectation), issuer_(expectation.issuer) {}

  Findings judge() && {
    judge_form();
    judge_signature_algorithm(certificate_, issuer().key(), findings_);
    judge_time_encoding(certificate_, findings_);
    judge_criticality(certificate_, findings_);
    judge_ca_extensions(certificate_, findings_);
    judge_locations(certificate_, findings_);
    judge_issuer_and_validity();
    judge_key();
    judge_constraints();
    judge_usages();
    judge_extended_usages();
    judge_names();
    judge_name_constraints();
    judge_subject_key_identifier();
    judge_authority_key_identifier();
    return std::move(findings_);
  }

 private:
  bool is_ca() const { return expectation_.purpose == Purpose::Ca; }
  const Certificate& issuer() const { return issuer_ != nullptr ? *issuer_ : certificate_; }

  void require(bool held, std::string_view id, std::string detail) {
    if (!held) findings_.push_back({std::string(id), std::move(detail)});
  }
  // The same where the detail takes time to tell.
  template <std::invocable Tell>
  void require(bool held, std::string_view id, const Tell& tell) {
    if (!held) findings_.push_back({std::string(id), tell()});
  }

  // RFC 5280 sections 4.1.2.1 and 4.1.2.2. That no extension stands twice (section 4.2) Certificate sees to.
  void judge_form() {
    require(X509_get_version(certificate_.get()) == X509_VERSION_3, "cert.version", "is not of version 3");
    const auto& serial = certificate_.serial();
    const bool positive =
        !serial.empty() && (serial[0] & 0x80) == 0 && std::ranges::any_of(serial, [](auto o) { return o != 0; });
    require(positive && serial.size() <= 20, "cert.serial", [&] {
      return fmt::format("serial {} is not a positive number of at most 20 octets", certificate_.serial_hex());
    });
  }

  // Sections 4.1.2.4 and 4.1.2.5.
  void judge_issuer_and_validity() {
    require(certificate_.issuer() == issuer().subject(), "cert.issuer", [&] {
      return fmt::format("issuer {} is not the subject of the issuer's certificate, {}",
                         printable_name(certificate_.issuer()), printable_name(issuer().subject()));
    });
    require(certificate_.not_before() < certificate_.not_after(), "cert.validity", [&] {
      return fmt::format("is valid from {} until {}", to_rfc3339(certificate_.not_before()),
                         to_rfc3339(certificate_.not_after()));
    });
    require(certificate_.not_before() >= issuer().not_before() && certificate_.not_after() <= issuer().not_after(),
            "cert.within-issuer", [&] {
              return fmt::format("validity is not within the issuer's, {} to {}", to_rfc3339(issuer().not_before()),
                                 to_rfc3339(issuer().not_after()));
            });
  }

  void judge_key() {
    for (const auto& finding : key_findings(certificate_.key(), widest_key_settings())) {
      require(false, "cert.key", finding.detail);
    }
    const bool issuers = issuer_ != nullptr && issuer_->key().digest() == certificate_.key().digest();
    require(!issuers, "cert.issuers-key", "has its issuer's own key");
  }

  // Section 4.2.1.9.
  void judge_constraints() {
    const auto* extension = certificate_.extension(kBasicConstraints);
    const auto constraints = extension != nullptr ? read_constraints(extension->value) : std::nullopt;
    if (extension != nullptr && !constraints) {
      return require(false, "cert.basic-constraints", "basicConstraints is not its DER");
    }
    const bool ca = constraints && constraints->ca;
    require(ca == is_ca(), "cert.basic-constraints",
            fmt::format("basicConstraints says CA:{}, and the certificate is for {}", ca ? "TRUE" : "FALSE",
                        name_of(expectation_.purpose)));
    if (issuer_ == nullptr) return;
    require(issuer_->is_ca() && issuer_->may_sign_certificates(), "cert.issuer-rights",
            "the issuer's certificate is no CA that may sign certificates");
    const auto most = issuer_->path_length();
    if (!ca || !most) return;
    require(*most > 0 && constraints->path_length.value_or(0) < *most, "cert.path-length",
            fmt::format("the issuer has pathlen:{}, which leaves no room for this CA", *most));
  }

  // Section 4.2.1.3.
  void judge_usages() {
    const auto* extension = certificate_.extension(kKeyUsage);
    const auto bits = extension != nullptr ? read_usage_bits(extension->value) : std::optional<std::uint32_t>(0);
    if (!bits) return require(false, "cert.key-usage", "keyUsage is not its DER");
    if (extension != nullptr) judge_usages_of_key(*bits);
    if (is_ca()) {
      return require((*bits & kKeyCertSignBit) != 0, "cert.key-usage", "keyUsage of a CA lacks keyCertSign");
    }
    require((*bits & (kKeyCertSignBit | kCrlSignBit)) == 0, "cert.key-usage",
            fmt::format("keyUsage of a certificate for {} has CA rights: {}", name_of(expectation_.purpose),
                        usage_names(kKeyUsage, *bits & (kKeyCertSignBit | kCrlSignBit))));
    const auto* netscape = certificate_.extension(kNetscapeCertType);
    const auto types = netscape != nullptr ? read_usage_bits(netscape->value) : std::optional<std::uint32_t>(0);
    require(types && (*types & kNetscapeCaBits) == 0, "cert.netscape-type",
            "nsCertType has CA rights or is not its DER");
  }

  // What a key of this kind can do: RFC 4055 section 1.2 (RSA) and RFC 8813 section 3 (EC). keyEncipherment in a
  // certificate for an EC key breaks RFC 8813, too; the guide's profiles have it, so it is not refused here.
  void judge_usages_of_key(std::uint32_t bits) {
    const bool rsa = certificate_.key().type() == KeyType::Rsa;
    const auto impossible = bits & (rsa ? kAgreementBits : kDataEnciphermentBit);
    require(impossible == 0, "cert.key-usage-of-key", [&] {
      return fmt::format("keyUsage has {}, which no {} key can do", usage_names(kKeyUsage, impossible),
                         certificate_.key().description());
    });
    const bool alone = (bits & kAgreementBits & ~kKeyAgreementBit) != 0 && (bits & kKeyAgreementBit) == 0;
    require(rsa || !alone, "cert.key-usage-of-key", "keyUsage has encipherOnly or decipherOnly without keyAgreement");
    require(bits != 0, "cert.key-usage-of-key", "keyUsage allows nothing");
  }

  // Section 4.2.1.12.
  void judge_extended_usages() {
    const auto* extension = certificate_.extension(kExtendedKeyUsage);
    if (extension == nullptr) {
      return require(is_ca(), "cert.extended-key-usage", "has no extendedKeyUsage");
    }
    const auto usages = read_extended_key_usage(extension->value);
    if (!usages) return require(false, "cert.extended-key-usage", "extendedKeyUsage is not its DER");
    const auto has = [&](std::string_view oid) { return std::ranges::find(*usages, oid) != usages->end(); };
    require(!has(kAnyExtendedKeyUsage), "cert.extended-key-usage", "extendedKeyUsage allows any usage");
    if (is_ca()) return;
    const auto wanted = expectation_.purpose == Purpose::Server ? kServerAuth : kClientAuth;
    require(has(wanted), "cert.extended-key-usage",
            fmt::format("extendedKeyUsage of a certificate for {} lacks {}", name_of(expectation_.purpose),
                        short_name_of(wanted)));
  }

  // Sections 4.1.2.6 and 4.2.1.6.
  void judge_names() {
    const bool empty = equal(certificate_.subject(), kEmptyName);
    const auto* extension = certificate_.extension(kAlternativeName);
    require(!(empty && is_ca()), "cert.subject", "a CA has no subject");
    for (const auto& finding : name_findings(certificate_.subject())) require(false, "cert.subject", finding.detail);
    require(!empty || (extension != nullptr && extension->critical), "cert.subject",
            "the subject is empty and there is no critical subjectAltName in its place");
    require((extension != nullptr && !lacks_hosts(extension->value)) || expectation_.purpose != Purpose::Server,
            "cert.missing-san", "a server's certificate has no subjectAltName with a DNS or IP name");
    if (extension == nullptr) return;
    for (const auto& finding : alternative_name_findings(extension->value, nullptr)) {
      require(false, "cert.san", finding.detail);
    }
  }

  // Section 4.2.1.10. Those of the certificates above the issuer's count where the chain is verified.
  void judge_name_constraints() {
    if (issuer_ == nullptr) return;
    const auto read = constraints_of(*issuer_);
    require(!read.trouble, "cert.name-constraints", read.trouble ? "of the issuer's certificate " + *read.trouble : "");
    if (!read.constraints) return;
    const auto* names = certificate_.extension(kAlternativeName);
    for (const auto& violation : violations(read.constraints.get(), Bounds::Chain, certificate_.subject(),
                                            names != nullptr ? ByteView(names->value) : ByteView())) {
      require(false, "cert.name-constraints", violation);
    }
  }

  // Section 4.2.1.2.
  void judge_subject_key_identifier() {
    const auto identifier = own_key_identifier(certificate_);
    require(identifier || !is_ca(), "cert.subject-key-identifier", "a CA has no subjectKeyIdentifier");
    require(!identifier || !identifier->empty(), "cert.subject-key-identifier",
            "subjectKeyIdentifier is empty or not its DER");
    if (!identifier || identifier->empty()) return;
    // Method (1) of the section. An identifier of another making would do, but here each is made so.
    Bytes hash(EVP_MAX_MD_SIZE);
    unsigned size = 0;
    if (X509_pubkey_digest(certificate_.get(), EVP_sha1(), hash.data(), &size) != 1) std::abort();
    hash.resize(size);
    require(*identifier == hash, "cert.subject-key-identifier", "subjectKeyIdentifier is not the SHA-1 of the key");
  }

  // Section 4.2.1.1.
  void judge_authority_key_identifier() {
    const auto* extension = certificate_.extension(kAuthorityKeyIdentifier);
    if (extension == nullptr) {
      return require(issuer_ == nullptr, "cert.authority-key-identifier", "has no authorityKeyIdentifier");
    }
    const unsigned char* next = extension->value.data();
    const OwnedAuthorityKeyId decoded(d2i_AUTHORITY_KEYID(nullptr, &next, static_cast<long>(extension->value.size())));
    if (!decoded) {
      openssl_errors();
      return require(false, "cert.authority-key-identifier", "authorityKeyIdentifier is not its DER");
    }
    const auto theirs = own_key_identifier(issuer());
    const bool keyid_fits = decoded->keyid == nullptr || !theirs || octets_of(decoded->keyid) == *theirs;
    require(keyid_fits, "cert.authority-key-identifier",
            "authorityKeyIdentifier does not name the issuer's subjectKeyIdentifier");
    // A self-signed certificate needs none of it, and `openssl req -x509` leaves the identifier out for "keyid, issuer".
    require(decoded->keyid != nullptr || issuer_ == nullptr, "cert.authority-key-identifier",
            "authorityKeyIdentifier lacks keyIdentifier");
    require((decoded->serial == nullptr) == (decoded->issuer == nullptr), "cert.authority-key-identifier",
            "authorityKeyIdentifier has only one of issuer and serial");
    if (decoded->serial == nullptr) return;
    const OwnedBignum serial(ASN1_INTEGER_to_BN(decoded->serial, nullptr));
    const OwnedBignum expected(ASN1_INTEGER_to_BN(X509_get0_serialNumber(issuer().get()), nullptr));
    require(serial && expected && BN_cmp(serial.get(), expected.get()) == 0, "cert.authority-key-identifier",
            "authorityKeyIdentifier has another serial than the issuer's certificate");
    const bool named =
        sk_GENERAL_NAME_num(decoded->issuer) == 1 && sk_GENERAL_NAME_value(decoded->issuer, 0)->type == GEN_DIRNAME &&
        X509_NAME_cmp(sk_GENERAL_NAME_value(decoded->issuer, 0)->d.dirn, X509_get_issuer_name(issuer().get())) == 0;
    require(named, "cert.authority-key-identifier",
            "authorityKeyIdentifier has another issuer than the issuer's certificate");
  }

  const Certificate& certificate_;
  const Expectation& expectation_;
  const Certificate* issuer_;
  Findings findings_;
};

}  // namespace

Findings check_certificate(const Certificate& certificate, const Expectation& expectation) {
  return CertificateJudge(certificate, expectation).judge();
}

}  // namespace sealroom
