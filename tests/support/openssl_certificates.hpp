#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "sealroom/base/time.hpp"
#include "support/openssl_requests.hpp"

namespace sealroom::testing {

struct CertificateRecipe {
  std::string key = "ec:P-256";  // as for test_key: the certificate's key
  int key_number = 0;
  std::vector<NamePart> subject = {{"O", "Example"}, {"CN", "broker.example.com"}};
  std::vector<ExtensionLine> extensions{};
  Instant not_before{std::chrono::sys_days{std::chrono::year{2026} / 1 / 1}};
  Instant not_after{std::chrono::sys_days{std::chrono::year{2036} / 1 / 1}};
  long serial = 1;
  std::string digest = "SHA256";
};

// A certificate of `recipe`, signed by software key `signer` in the name of `issuer`; self-signed when that is null.
inline OwnedX509 make_certificate(const CertificateRecipe& recipe, X509* issuer, EVP_PKEY* signer) {
  OwnedX509 made(X509_new());
  const OwnedName name = make_name(recipe.subject);
  must(X509_set_version(made.get(), X509_VERSION_3) == 1 &&
           ASN1_INTEGER_set(X509_get_serialNumber(made.get()), recipe.serial) == 1 &&
           X509_set_subject_name(made.get(), name.get()) == 1 &&
           X509_set_issuer_name(made.get(), issuer != nullptr ? X509_get_subject_name(issuer) : name.get()) == 1 &&
           X509_set_pubkey(made.get(), test_key(recipe.key, recipe.key_number)) == 1,
       "certificate");
  const OwnedTime not_before(ASN1_TIME_set(nullptr, recipe.not_before.time_since_epoch().count()));
  const OwnedTime not_after(ASN1_TIME_set(nullptr, recipe.not_after.time_since_epoch().count()));
  must(X509_set1_notBefore(made.get(), not_before.get()) == 1 && X509_set1_notAfter(made.get(), not_after.get()) == 1,
       "validity");
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer != nullptr ? issuer : made.get(), made.get(), nullptr, nullptr, 0);
  for (const auto& [field, value] : recipe.extensions) {
    const OwnedExtension extension(X509V3_EXT_nconf(nullptr, &context, field.c_str(), value.c_str()));
    must(extension != nullptr && X509_add_ext(made.get(), extension.get(), -1) == 1, ("extension " + field).c_str());
  }
  must(X509_sign(made.get(), signer, EVP_get_digestbyname(recipe.digest.c_str())) > 0, "signature");
  return made;
}

inline Bytes der_of_certificate(const OwnedX509& certificate) { return der_of(certificate.get(), i2d_X509); }

// A root, an intermediate below it and certificates below that, all with software keys, strict enough for
// `openssl verify -x509_strict`.
class TestAuthority {
 public:
  explicit TestAuthority(const std::string& kind = "ec:P-256", std::vector<ExtensionLine> more_for_intermediate = {})
      : kind_(kind) {
    CertificateRecipe root;
    root.key = kind_;
    root.key_number = 100;
    root.subject = {{"O", "Example"}, {"CN", "Test Root CA"}};
    root.serial = 100;
    root.extensions = {{"subjectKeyIdentifier", "hash"},
                       {"authorityKeyIdentifier", "keyid:always"},
                       {"basicConstraints", "critical,CA:TRUE"},
                       {"keyUsage", "critical,digitalSignature,cRLSign,keyCertSign"}};
    root_ = make_certificate(root, nullptr, root_key());
    CertificateRecipe intermediate = root;
    intermediate.key_number = 101;
    intermediate.subject = {{"O", "Example"}, {"CN", "Test Intermediate CA"}};
    intermediate.serial = 101;
    intermediate.extensions[2].second = "critical,CA:TRUE,pathlen:0";
    intermediate.extensions.insert(intermediate.extensions.end(), more_for_intermediate.begin(),
                                   more_for_intermediate.end());
    intermediate_ = make_certificate(intermediate, root_.get(), root_key());
  }

  EVP_PKEY* root_key() const { return test_key(kind_, 100); }
  EVP_PKEY* intermediate_key() const { return test_key(kind_, 101); }
  const OwnedX509& root() const { return root_; }
  const OwnedX509& intermediate() const { return intermediate_; }

  // A certificate of `recipe` below the intermediate.
  OwnedX509 issue(const CertificateRecipe& recipe) const {
    return make_certificate(recipe, intermediate_.get(), intermediate_key());
  }

  // A server ("serverAuth") or client ("clientAuth") certificate as TLS wants it.
  OwnedX509 issue_leaf(const std::string& usage, const std::string& name = "broker.example.com") const {
    CertificateRecipe recipe;
    recipe.subject.back().second = name;
    recipe.serial = 1000;
    recipe.not_after = Instant{std::chrono::sys_days{std::chrono::year{2027} / 1 / 1}};
    recipe.extensions = {{"basicConstraints", "CA:FALSE"},    {"subjectKeyIdentifier", "hash"},
                         {"authorityKeyIdentifier", "keyid"}, {"keyUsage", "critical,digitalSignature"},
                         {"extendedKeyUsage", usage},         {"subjectAltName", "DNS:" + name}};
    return issue(recipe);
  }

 private:
  std::string kind_;
  OwnedX509 root_;
  OwnedX509 intermediate_;
};

}  // namespace sealroom::testing
