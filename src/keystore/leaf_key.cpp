#include "sealroom/keystore/leaf_key.hpp"

#include <cstring>

#include <openssl/pem.h>

#include "sealroom/crypto/crypto.hpp"
#include "sealroom/crypto/owned.hpp"

namespace sealroom {
namespace {

using OwnedPrivateKeyInfo = Owned<PKCS8_PRIV_KEY_INFO, PKCS8_PRIV_KEY_INFO_free>;

// The labels of the PEM blocks in `text` (RFC 7468 section 3).
std::vector<std::string_view> pem_labels(std::string_view text) {
  constexpr std::string_view begin = "-----BEGIN ";
  std::vector<std::string_view> labels;
  for (auto at = text.find(begin); at != std::string_view::npos; at = text.find(begin, at)) {
    at += begin.size();
    labels.push_back(text.substr(at, text.find("-----", at) - at));
  }
  return labels;
}

int give_password(char* buffer, int size, int, void* secret) {
  const auto& password = *static_cast<const Secret*>(secret);
  if (password.size() > static_cast<std::size_t>(size)) return -1;
  if (!password.empty()) std::memcpy(buffer, password.view().data(), password.size());
  return static_cast<int>(password.size());
}

Result<OwnedPkey> decode(const Secret& text, const Secret& password) {
  const OwnedBio in(BIO_new_mem_buf(text.view().data(), static_cast<int>(text.size())));
  if (!in) std::abort();
  OwnedPkey key(PEM_read_bio_PrivateKey(in.get(), nullptr, give_password, const_cast<Secret*>(&password)));
  if (key) return key;
  const auto reasons = openssl_errors();
  if (!is_encrypted_key(text.view())) return fail(ErrorKind::Failed, "holds a damaged private key: " + reasons);
  return fail(ErrorKind::Failed, "cannot be opened: wrong key password, or the key is damaged",
              "try: openssl pkey -in FILE -noout");
}

Result<Done> check_halves(EVP_PKEY* key) {
  const OwnedPkeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr));
  if (context && EVP_PKEY_pairwise_check(context.get()) == 1) return Done{};
  return fail(ErrorKind::Failed, "holds a private key whose public half does not belong to it: " + openssl_errors());
}

}  // namespace

bool is_encrypted_key(ByteView text) {
  for (const auto label : pem_labels(as_text(text))) {
    if (label == "ENCRYPTED PRIVATE KEY") return true;
  }
  return as_text(text).find("Proc-Type: 4,ENCRYPTED") != std::string_view::npos;
}

Result<LeafKey> read_leaf_key(const Secret& text, const Secret& password) {
  int keys = 0;
  for (const auto label : pem_labels(as_text(text.view()))) keys += label.ends_with("PRIVATE KEY") ? 1 : 0;
  if (keys == 0) {
    return fail(ErrorKind::Failed, "holds no private key in PEM",
                "convert a DER key: openssl pkey -inform DER -in FILE -aes256 -out FILE.pem");
  }
  if (keys > 1) return fail(ErrorKind::Failed,
                            "holds several private keys", "give the leaf's own key in a file of its own");

  auto key = decode(text, password);
  if (!key) return pass_on(key);
  auto halves = check_halves(key->get());
  if (!halves) return pass_on(halves);
  auto public_key = PublicKey::of(key->get());
  if (!public_key) return pass_on(public_key, "holds a key of another kind");
  const OwnedPrivateKeyInfo info(EVP_PKEY2PKCS8(key->get()));
  const int size = info ? i2d_PKCS8_PRIV_KEY_INFO(info.get(), nullptr) : 0;
  if (size <= 0) return fail(ErrorKind::Failed,
                             "holds a private key that cannot be written as PKCS#8: " + openssl_errors());
  auto pkcs8 = Secret::with_size(static_cast<std::size_t>(size));
  if (!pkcs8) return pass_on(pkcs8);
  unsigned char* out = pkcs8->writable().data();  // straight into locked memory
  if (i2d_PKCS8_PRIV_KEY_INFO(info.get(), &out) != size) std::abort();
  return LeafKey{std::move(*pkcs8), std::move(*public_key)};
}

}  // namespace sealroom
