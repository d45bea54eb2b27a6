#pragma once

#include <map>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "sealroom/base/bytes.hpp"
#include "sealroom/crypto/crypto.hpp"
#include "sealroom/crypto/owned.hpp"

namespace sealroom::testing {

inline void must(bool held, const char* what) {
  if (!held) throw std::runtime_error(std::string(what) + ": " + openssl_errors());
}

// A new software key: "rsa:2048", "ec:P-256", "ec:secp256k1", "ed25519", "rsa-pss:2048", "ed448", "x25519".
inline OwnedPkey make_key(const std::string& kind) {
  const auto colon = kind.find(':');
  const std::string type = kind.substr(0, colon);
  const std::string detail = colon == std::string::npos ? "" : kind.substr(colon + 1);
  EVP_PKEY* key = nullptr;
  if (type == "rsa") {
    key = EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", static_cast<std::size_t>(std::stoul(detail)));
  } else if (type == "rsa-pss") {
    const OwnedPkeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, "RSA-PSS", nullptr));
    must(EVP_PKEY_keygen_init(context.get()) == 1 &&
             EVP_PKEY_CTX_set_rsa_keygen_bits(context.get(), std::stoi(detail)) == 1 &&
             EVP_PKEY_generate(context.get(), &key) == 1,
         "RSA-PSS key");
  } else if (type == "ec") {
    key = EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", detail.c_str());
  } else {
    key = EVP_PKEY_Q_keygen(nullptr, nullptr, type.c_str());
  }
  must(key != nullptr, ("key " + kind).c_str());
  return OwnedPkey(key);
}

// One key of `kind`, the same for the whole test program (RSA keys take long to make); another `number`, another key.
inline EVP_PKEY* test_key(const std::string& kind, int number = 0) {
  static std::map<std::pair<std::string, int>, OwnedPkey> keys;
  auto& key = keys[{kind, number}];
  if (!key) key = make_key(kind);
  return key.get();
}

using NamePart = std::pair<std::string, std::string>;       // "CN", "broker.example.com"
using ExtensionLine = std::pair<std::string, std::string>;  // as in an OpenSSL configuration: "basicConstraints",
                                                            // "critical,CA:TRUE"

struct RequestRecipe {
  std::string key = "ec:P-256";  // as for test_key
  int key_number = 0;
  std::vector<NamePart> subject = {{"C", "DE"}, {"O", "Example"}, {"CN", "broker.example.com"}};
  std::vector<ExtensionLine> extensions = {{"subjectAltName", "DNS:broker.example.com"}};
  std::string digest = "SHA256";  // "SHA1", "MD5", ...; "" where the key's algorithm has its own
  long version = 0;
  int string_type = MBSTRING_UTF8;
};

inline OwnedName make_name(const std::vector<NamePart>& parts, int string_type = MBSTRING_UTF8) {
  OwnedName name(X509_NAME_new());
  for (const auto& [field, value] : parts) {
    must(X509_NAME_add_entry_by_txt(name.get(), field.c_str(), string_type,
                                    reinterpret_cast<const unsigned char*>(value.data()),
                                    static_cast<int>(value.size()), -1, 0) == 1,
         "name part");
  }
  return name;
}

inline OwnedExtensions make_extensions(const std::vector<ExtensionLine>& lines, X509V3_CTX* context) {
  OwnedExtensions all(sk_X509_EXTENSION_new_null());
  for (const auto& [name, value] : lines) {
    X509_EXTENSION* extension = X509V3_EXT_nconf(nullptr, context, name.c_str(), value.c_str());
    must(extension != nullptr, ("extension " + name).c_str());
    sk_X509_EXTENSION_push(all.get(), extension);
  }
  return all;
}

// A request of `recipe`, unsigned, for tests that add something of their own before sign_request().
inline OwnedReq unsigned_request(const RequestRecipe& recipe) {
  OwnedReq request(X509_REQ_new());
  must(X509_REQ_set_version(request.get(), recipe.version) == 1, "version");
  must(X509_REQ_set_subject_name(request.get(), make_name(recipe.subject, recipe.string_type).get()) == 1, "subject");
  must(X509_REQ_set_pubkey(request.get(), test_key(recipe.key, recipe.key_number)) == 1, "public key");
  if (!recipe.extensions.empty()) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, nullptr, nullptr, request.get(), nullptr, 0);
    const auto extensions = make_extensions(recipe.extensions, &context);
    must(X509_REQ_add_extensions(request.get(), extensions.get()) == 1, "extension request");
  }
  return request;
}

// Signs `request` with test_key(key, number) and gives its DER.
inline Bytes sign_request(X509_REQ* request, const std::string& key = "ec:P-256", int number = 0,
                          const std::string& digest = "SHA256") {
  const EVP_MD* hash = digest.empty() ? nullptr : EVP_get_digestbyname(digest.c_str());
  must(digest.empty() || hash != nullptr, "digest");
  must(X509_REQ_sign(request, test_key(key, number), hash) > 0, "signature");
  return der_of(request, i2d_X509_REQ);
}

// The DER of a signed request.
inline Bytes make_request(const RequestRecipe& recipe = {}) {
  return sign_request(unsigned_request(recipe).get(), recipe.key, recipe.key_number, recipe.digest);
}

inline std::string request_pem(const Bytes& der, const std::string& label = "CERTIFICATE REQUEST") {
  const std::string base64 = to_base64(der);
  std::string text = "-----BEGIN " + label + "-----\n";
  for (std::size_t at = 0; at < base64.size(); at += 64) text += base64.substr(at, 64) + "\n";
  return text + "-----END " + label + "-----\n";
}

// The PEM of a private key (PKCS#8), encrypted with AES-256 when `password` is not empty.
inline std::string private_key_pem(EVP_PKEY* key, const std::string& password = {}) {
  const OwnedBio out(BIO_new(BIO_s_mem()));
  const EVP_CIPHER* cipher = password.empty() ? nullptr : EVP_aes_256_cbc();
  must(PEM_write_bio_PKCS8PrivateKey(out.get(), key, cipher, password.empty() ? nullptr : password.data(),
                                     static_cast<int>(password.size()), nullptr, nullptr) == 1,
       "private key");
  char* text = nullptr;
  const long size = BIO_get_mem_data(out.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

}  // namespace sealroom::testing
