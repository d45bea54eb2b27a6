#include "certificate_builder.hpp"

#include <cstdlib>

#include <fmt/format.h>

#include "distinguished_name.hpp"
#include "sealroom/crypto/crypto.hpp"
#include "to_be_signed.hpp"

namespace sealroom {
namespace {

void must(bool held) {
  if (!held) std::abort();  // memory is gone, or a value passed its rules and is unfit all the same
}

OwnedTime time_of(Instant instant) {
  // UTCTime until 2049, GeneralizedTime after (RFC 5280 section 4.1.2.5).
  OwnedTime time(ASN1_TIME_set(nullptr, instant.time_since_epoch().count()));
  must(time != nullptr);
  return time;
}

// CertificateBuilder makes a certificate in the order in which do_body() of apps/ca.c and the -x509 branch of
// apps/req.c (OpenSSL 3.0) do: fields, extension section, copied extension, key identifiers.
class CertificateBuilder {
 public:
  explicit CertificateBuilder(const Permit& permit)
      : permit_(permit), rules_(permit.rules()), own_(rules_.profile->own_certificate), certificate_(X509_new()) {
    must(certificate_ != nullptr);
  }

  Result<Bytes> build(const Serial& serial) {
    set_fields(serial);
    set_key();
    auto extended = add_section();
    if (!extended) return pass_on(extended);
    copy_alternative_names();
    extended = add_key_identifiers();
    if (!extended) return pass_on(extended);
    set_algorithm();
    return der_of(certificate_.get(), i2d_re_X509_tbs);
  }

 private:
  X509* issuer() { return own_ ? certificate_.get() : rules_.issuer_certificate->get(); }
  const PublicKey& issuer_key() const {
    return own_ ? permit_.csr().request().key() : rules_.issuer_certificate->key();
  }

  void set_fields(const Serial& serial) {
    const OwnedBignum number(BN_bin2bn(serial.data(), static_cast<int>(serial.size()), nullptr));
    must(number && BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate_.get())) != nullptr);
    const auto subject = decode_name(permit_.examination().subject);
    must(X509_set_subject_name(certificate_.get(), subject.get()) == 1);
    must(X509_set_issuer_name(certificate_.get(), own_ ? subject.get() : X509_get_subject_name(issuer())) == 1);
    must(X509_set1_notBefore(certificate_.get(), time_of(permit_.validity().not_before).get()) == 1);
    must(X509_set1_notAfter(certificate_.get(), time_of(permit_.validity().not_after).get()) == 1);
  }

  void set_key() {
    const auto& key = permit_.csr().request().key();
    must(X509_set_pubkey(certificate_.get(), key.get()) == 1);
    must(der_of(X509_get_X509_PUBKEY(certificate_.get()), i2d_X509_PUBKEY) == key.der());
  }

  Result<Done> add_section() {
    X509V3_set_ctx(&context_, issuer(), certificate_.get(), nullptr, nullptr, X509V3_CTX_REPLACE);
    X509V3_set_nconf(&context_, rules_.issuer->conf());
    if (own_) must(X509V3_set_issuer_pkey(&context_, issuer_key().get()) == 1);
    const auto& section = rules_.profile->section_of(permit_.csr().request().key().type());
    if (X509V3_EXT_add_nconf(rules_.issuer->conf(), &context_, section.c_str(), certificate_.get()) == 1) return Done{};
    return fail(ErrorKind::Usage, fmt::format("{}: section {} cannot be made into extensions: {}",
                                              rules_.issuer->file(), section, openssl_errors()));
  }

  // copy_extensions = copy: what the section has already is not overridden.
  void copy_alternative_names() {
    const auto& der = permit_.examination().alternative_names;
    if (der.empty() || X509_get_ext_by_NID(certificate_.get(), NID_subject_alt_name, -1) >= 0) return;
    const unsigned char* next = der.data();
    const OwnedExtension extension(d2i_X509_EXTENSION(nullptr, &next, static_cast<long>(der.size())));
    must(extension && X509_add_ext(certificate_.get(), extension.get(), -1) == 1);
  }

  // do_X509_sign() of OpenSSL 3.0: a certificate with extensions is of version 3 and gets default key identifiers.
  // Ours always are.
  Result<Done> add_key_identifiers() {
    must(X509_set_version(certificate_.get(), X509_VERSION_3) == 1);
    auto added = adapt("subjectKeyIdentifier", "hash", true);
    if (!added) return added;
    const bool self_signed = permit_.csr().request().key().der() == issuer_key().der();
    return adapt("authorityKeyIdentifier", "keyid, issuer", !self_signed);
  }

  // A missing identifier is added where `add_default`; one that the section turned off ("none") goes.
  Result<Done> adapt(const char* name, const char* value, bool add_default) {
    const OwnedExtension fresh(X509V3_EXT_nconf(nullptr, &context_, name, value));
    if (!fresh) {
      return fail(ErrorKind::Usage,
                  fmt::format("{}: {} cannot be made: {}", rules_.issuer->file(), name, openssl_errors()));
    }
    const int at = X509_get_ext_by_OBJ(certificate_.get(), X509_EXTENSION_get_object(fresh.get()), -1);
    if (at < 0) {
      must(!add_default || X509_add_ext(certificate_.get(), fresh.get(), -1) == 1);
      return Done{};
    }
    X509_EXTENSION* there = X509_get_ext(certificate_.get(), at);
    const bool disabled = ASN1_STRING_length(X509_EXTENSION_get_data(there)) <= 2;
    if (disabled) const OwnedExtension removed(X509_delete_ext(certificate_.get(), at));
    return Done{};
  }

  // RFC 4055 section 5: NULL parameters with RSA; RFC 5758 section 3.2: none with ECDSA.
  void set_algorithm() {
    const bool rsa = issuer_key().type() == KeyType::Rsa;
    int algorithm = NID_undef;
    const int hash = EVP_MD_get_type(evp_of(rules_.issuer->default_md()));
    must(OBJ_find_sigid_by_algs(&algorithm, hash, rsa ? NID_rsaEncryption : NID_X9_62_id_ecPublicKey) == 1);
    // OpenSSL offers no other way to set the inner identifier without signing.
    auto* inside = const_cast<X509_ALGOR*>(X509_get0_tbs_sigalg(certificate_.get()));
    must(X509_ALGOR_set0(inside, OBJ_nid2obj(algorithm), rsa ? V_ASN1_NULL : V_ASN1_UNDEF, nullptr) == 1);
  }

  const Permit& permit_;
  const Rules& rules_;
  const bool own_;
  OwnedX509 certificate_;
  X509V3_CTX context_{};
};

}  // namespace

Result<Bytes> build_to_be_signed(const Permit& permit, const Serial& serial) {
  return CertificateBuilder(permit).build(serial);
}

}  // namespace sealroom
