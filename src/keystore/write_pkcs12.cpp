#include <algorithm>
#include <cstdlib>

#include <fmt/format.h>
#include <openssl/pkcs12.h>

#include "pkcs12_octets.hpp"
#include "sealroom/crypto/crypto.hpp"
#include "sealroom/keystore/pkcs12.hpp"

namespace sealroom {
namespace {

using OwnedAlgorithm = Owned<X509_ALGOR, X509_ALGOR_free>;
using OwnedBag = Owned<PKCS12_SAFEBAG, PKCS12_SAFEBAG_free>;
using OwnedPfx = Owned<PKCS12, PKCS12_free>;
using OwnedSig = Owned<X509_SIG, X509_SIG_free>;
inline void free_safes(STACK_OF(PKCS7) * safes) { sk_PKCS7_pop_free(safes, PKCS7_free); }
using OwnedSafes = Owned<STACK_OF(PKCS7), free_safes>;

constexpr std::size_t kSaltSize = 16;  // RFC 8018 section 4.1 asks for 8 or more
constexpr std::size_t kIvSize = 16;    // of AES

// OpenSSL refuses none of the constants here; what remains is memory that is gone.
void must(bool done) {
  if (!done) std::abort();
}

const char* characters(const Secret& password) { return reinterpret_cast<const char*>(password.view().data()); }
int length(ByteView octets) { return static_cast<int>(octets.size()); }

// SaltSource hands out salts and initialisation vectors: the kernel's, or what follows from the content.
class SaltSource {
 public:
  SaltSource() = default;
  explicit SaltSource(const std::vector<Safe>& content) {
    Sha256 hash;
    hash.add(as_bytes("sealroom PKCS#12 salts\n"));
    for (const auto& safe : content) hash.add(safe.bags);
    seed_ = hash.finish();
  }

  Bytes next(std::size_t size) {
    if (!seed_) return kernel_random(size);
    Bytes input(seed_->begin(), seed_->end());
    input.push_back(++taken_);
    const auto digest = sha256(input);
    return {digest.begin(), digest.begin() + static_cast<std::ptrdiff_t>(size)};
  }

 private:
  std::optional<Digest> seed_;
  std::uint8_t taken_ = 0;
};

// PBES2 with PBKDF2-HMAC-SHA256 and AES-256-CBC (RFC 8018 section 6.2).
OwnedAlgorithm cipher(SaltSource& salts, int iterations) {
  Bytes salt = salts.next(kSaltSize);
  Bytes iv = salts.next(kIvSize);
  OwnedAlgorithm made(
      PKCS5_pbe2_set_iv(EVP_aes_256_cbc(), iterations, salt.data(), length(salt), iv.data(), NID_hmacWithSHA256));
  must(made != nullptr);
  return made;
}

Bytes encrypted(const X509_ALGOR* algorithm, ByteView plain, const Secret& password) {
  unsigned char* raw = nullptr;
  int size = 0;
  must(PKCS12_pbe_crypt(algorithm, characters(password), length(password.view()), plain.data(), length(plain), &raw,
                        &size, 1) != nullptr);
  const OwnedMemory memory(raw);
  return {raw, raw + size};
}

Bytes sequence_of(ByteView contents) {
  Bytes whole(static_cast<std::size_t>(ASN1_object_size(1, length(contents), V_ASN1_SEQUENCE)));
  unsigned char* next = whole.data();
  ASN1_put_object(&next, 1, length(contents), V_ASN1_SEQUENCE, V_ASN1_UNIVERSAL);
  std::ranges::copy(contents, next);
  return whole;
}

// The ContentInfo of one safe: SafeContents as data, or as encrypted data.
OwnedPkcs7 content_of(const Safe& safe, const Secret& password, SaltSource& salts, int iterations) {
  OwnedPkcs7 content(PKCS7_new());
  must(content && PKCS7_set_type(content.get(), safe.encrypted ? NID_pkcs7_encrypted : NID_pkcs7_data) == 1);
  Bytes contents = sequence_of(safe.bags);
  if (!safe.encrypted) {
    must(ASN1_OCTET_STRING_set(content->d.data, contents.data(), length(contents)) == 1);
    return content;
  }
  auto algorithm = cipher(salts, iterations);
  contents = encrypted(algorithm.get(), contents, password);
  auto* sealed = content->d.encrypted->enc_data;
  X509_ALGOR_free(sealed->algorithm);
  sealed->algorithm = algorithm.release();
  ASN1_OCTET_STRING_free(sealed->enc_data);
  sealed->enc_data = ASN1_OCTET_STRING_new();
  must(sealed->enc_data != nullptr && ASN1_OCTET_STRING_set(sealed->enc_data, contents.data(), length(contents)) == 1);
  return content;
}

Result<OwnedBag> certificate_bag(ByteView der) {
  const unsigned char* next = der.data();
  const OwnedX509 certificate(d2i_X509(nullptr, &next, static_cast<long>(der.size())));
  if (!certificate || next != der.data() + der.size()) {
    return fail(ErrorKind::Failed, "holds octets that are no certificate: " + openssl_errors());
  }
  OwnedBag bag(PKCS12_SAFEBAG_create_cert(certificate.get()));
  must(bag != nullptr);
  return bag;
}

void name(PKCS12_SAFEBAG* bag, const std::string& alias) {
  must(PKCS12_add_friendlyname_utf8(bag, alias.data(), static_cast<int>(alias.size())) == 1);
}

// Java takes an entry's time from this form of its identifier (PKCS12KeyStore.loadSafeContents).
void identify(PKCS12_SAFEBAG* bag, Instant created) {
  auto id = fmt::format("Time {}", created.time_since_epoch().count() * 1000);
  must(PKCS12_add_localkeyid(bag, reinterpret_cast<unsigned char*>(id.data()), static_cast<int>(id.size())) == 1);
}

void append(Bytes& bags, PKCS12_SAFEBAG* bag) {
  const auto octets = der_of(bag, i2d_PKCS12_SAFEBAG);
  bags.insert(bags.end(), octets.begin(), octets.end());
}

OwnedBag key_bag(const KeyEntry& entry, const Secret& password, int iterations) {
  SaltSource salts;
  auto algorithm = cipher(salts, iterations);
  const auto covered = encrypted(algorithm.get(), entry.private_key.view(), password);
  OwnedSig info(X509_SIG_new());
  must(info != nullptr);
  X509_ALGOR* own = nullptr;
  ASN1_OCTET_STRING* value = nullptr;
  X509_SIG_getm(info.get(), &own, &value);
  must(X509_ALGOR_copy(own, algorithm.get()) == 1 &&
       ASN1_OCTET_STRING_set(value, covered.data(), length(covered)) == 1);
  OwnedBag bag(PKCS12_SAFEBAG_create0_pkcs8(info.release()));
  must(bag != nullptr);
  return bag;
}

}  // namespace

Result<Done> pkcs12_password(const Secret& password) {
  if (password.empty()) return fail(ErrorKind::Usage, "a PKCS#12 store needs a password");
  const auto printable = [](std::uint8_t octet) { return octet >= 0x20 && octet <= 0x7e; };
  if (std::ranges::all_of(password.view(), printable)) return Done{};
  return fail(ErrorKind::Usage, "password has characters beyond ASCII, and Java opens no PKCS#12 store with such a one",
              "choose one in ASCII, or write JKS, which takes any");
}

Bytes pkcs12_of(const std::vector<Safe>& safes, const Secret& password, Salts salts, int iterations) {
  SaltSource source = salts == Salts::Random ? SaltSource() : SaltSource(safes);
  const OwnedSafes contents(sk_PKCS7_new_null());
  must(contents != nullptr);
  for (const auto& safe : safes) {
    must(sk_PKCS7_push(contents.get(), content_of(safe, password, source, iterations).release()) > 0);
  }
  const OwnedPfx store(PKCS12_init(NID_pkcs7_data));
  must(store && PKCS12_pack_authsafes(store.get(), contents.get()) == 1);
  Bytes salt = source.next(kSaltSize);
  must(PKCS12_set_mac(store.get(), characters(password), length(password.view()), salt.data(), length(salt), iterations,
                      EVP_sha256()) == 1);
  return der_of(store.get(), i2d_PKCS12);
}

Result<Bytes> trusted_bag(const TrustEntry& entry) {
  auto bag = certificate_bag(entry.certificate);
  if (!bag) return pass_on(bag, entry.alias);
  name(bag->get(), entry.alias);
  const OwnedObject any_use(OBJ_nid2obj(NID_anyExtendedKeyUsage));
  // A length of -1 says that the value is an object, not its octets.
  must(PKCS12_add1_attr_by_txt(bag->get(), kTrustedKeyUsage, V_ASN1_OBJECT,
                               reinterpret_cast<const unsigned char*>(any_use.get()), -1) == 1);
  return der_of(bag->get(), i2d_PKCS12_SAFEBAG);
}

Result<Bytes> write_pkcs12(const KeyEntry& entry, const Secret& password, int iterations) {
  auto alias = store_alias(entry.alias);
  if (!alias) return pass_on(alias);
  if (entry.chain.empty() || entry.private_key.empty()) {
    return fail(ErrorKind::Usage, "a key entry needs its key and its certificates");
  }
  auto fit = pkcs12_password(password);
  if (!fit) return pass_on(fit, "store");
  Safe certificates;
  for (const auto& der : entry.chain) {
    auto bag = certificate_bag(der);
    if (!bag) return pass_on(bag, *alias);
    if (&der == &entry.chain.front()) {
      name(bag->get(), *alias);
      identify(bag->get(), entry.created);
    }
    append(certificates.bags, bag->get());
  }
  const auto own = key_bag(entry, password, iterations);
  name(own.get(), *alias);
  identify(own.get(), entry.created);
  Safe keys{{}, false};  // the key in it is encrypted by itself
  append(keys.bags, own.get());
  return pkcs12_of({keys, certificates}, password, Salts::Random, iterations);
}

}  // namespace sealroom
