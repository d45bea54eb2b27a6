#include "sealroom/crypto/public_key.hpp"

#include <cstdlib>

#include <fmt/format.h>
#include <openssl/core_names.h>
#include <openssl/obj_mac.h>
#include <openssl/x509.h>

#include "sealroom/base/text.hpp"
#include "sealroom/crypto/crypto.hpp"

namespace sealroom {
namespace {

std::string group_of(const EVP_PKEY* key) {
  char name[64] = {};
  std::size_t size = 0;
  if (EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, name, sizeof name, &size) == 1)
    return {name, size};
  return "unknown curve";
}

KeyType type_of(const EVP_PKEY* key) {
  switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_RSA: return KeyType::Rsa;
    case EVP_PKEY_ED25519: return KeyType::Ed25519;
    case EVP_PKEY_EC: {
      const auto group = group_of(key);
      if (group == SN_X9_62_prime256v1) return KeyType::EcP256;
      if (group == SN_secp384r1) return KeyType::EcP384;
      if (group == SN_secp521r1) return KeyType::EcP521;
      return KeyType::Other;
    }
    default: return KeyType::Other;
  }
}

std::unexpected<Error> undecodable() {
  return fail(ErrorKind::Failed, fmt::format("public key cannot be decoded: {}", openssl_errors()));
}

}  // namespace

std::string_view name_of(HashAlgorithm hash) {
  switch (hash) {
    case HashAlgorithm::Sha256: return "sha256";
    case HashAlgorithm::Sha384: return "sha384";
    case HashAlgorithm::Sha512: return "sha512";
  }
  std::abort();
}

const EVP_MD* evp_of(HashAlgorithm hash) {
  switch (hash) {
    case HashAlgorithm::Sha256: return EVP_sha256();
    case HashAlgorithm::Sha384: return EVP_sha384();
    case HashAlgorithm::Sha512: return EVP_sha512();
  }
  std::abort();
}

Result<PublicKey> PublicKey::parse(ByteView spki_der) {
  const unsigned char* next = spki_der.data();
  OwnedPkey key(d2i_PUBKEY(nullptr, &next, static_cast<long>(spki_der.size())));
  if (!key || next != spki_der.data() + spki_der.size()) return undecodable();
  return decoded_from(spki_der, key.get());
}

Result<PublicKey> PublicKey::made_of(ByteView spki_der, const RsaNumbers& numbers) {
  const unsigned char* next = numbers.key.data();
  const OwnedPkey key(d2i_PublicKey(EVP_PKEY_RSA, nullptr, &next, static_cast<long>(numbers.key.size())));
  return key ? decoded_from(spki_der, key.get()) : undecodable();
}

Result<PublicKey> PublicKey::made_of(ByteView spki_der, const CurvePoint& point) {
  const unsigned char* next = point.curve.data();
  const OwnedPkey key(d2i_KeyParams(EVP_PKEY_EC, nullptr, &next, static_cast<long>(point.curve.size())));
  EVP_PKEY* whole = key.get();
  next = point.point.data();
  const bool complete =
      key && d2i_PublicKey(EVP_PKEY_EC, &whole, &next, static_cast<long>(point.point.size())) != nullptr;
  return complete ? decoded_from(spki_der, whole) : undecodable();
}

Result<PublicKey> PublicKey::decoded_from(ByteView spki_der, EVP_PKEY* decoded) {
  if (decoded == nullptr) return parse(spki_der);
  if (EVP_PKEY_up_ref(decoded) != 1) std::abort();
  PublicKey made;
  made.key_ = std::shared_ptr<EVP_PKEY>(decoded, EVP_PKEY_free);
  made.der_ = copy(spki_der);
  made.digest_ = sha256(spki_der);
  made.type_ = type_of(decoded);
  made.bits_ = static_cast<unsigned>(EVP_PKEY_get_bits(decoded));
  return made;
}

Result<PublicKey> PublicKey::of(const EVP_PKEY* key) {
  unsigned char* raw = nullptr;
  const int size = i2d_PUBKEY(key, &raw);
  const OwnedMemory memory(raw);
  if (size <= 0) return fail(ErrorKind::Failed, fmt::format("public key cannot be encoded: {}", openssl_errors()));
  return parse(ByteView(raw, static_cast<std::size_t>(size)));
}

std::string PublicKey::description() const {
  switch (type_) {
    case KeyType::Rsa: return fmt::format("RSA {}", bits_);
    case KeyType::EcP256: return "EC P-256";
    case KeyType::EcP384: return "EC P-384";
    case KeyType::EcP521: return "EC P-521";
    case KeyType::Ed25519: return "Ed25519";
    case KeyType::Other: break;
  }
  if (EVP_PKEY_get_base_id(key_.get()) == EVP_PKEY_EC) return "EC " + printable(group_of(key_.get()));
  const char* name = EVP_PKEY_get0_type_name(key_.get());
  return name != nullptr ? printable(name) : "unknown";
}

bool PublicKey::verifies(ByteView message, ByteView signature, HashAlgorithm hash) const {
  const OwnedDigestContext context(EVP_MD_CTX_new());
  const EVP_MD* digest = type_ == KeyType::Ed25519 ? nullptr : evp_of(hash);
  const bool good =
      context && EVP_DigestVerifyInit(context.get(), nullptr, digest, nullptr, key_.get()) == 1 &&
      EVP_DigestVerify(context.get(), signature.data(), signature.size(), message.data(), message.size()) == 1;
  if (!good) openssl_errors();
  return good;
}

}  // namespace sealroom
