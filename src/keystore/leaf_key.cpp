#include "sealroom/keystore/leaf_key.hpp"

#include <cstring>

#include <openssl/pem.h>

#include "sealroom/crypto/crypto.hpp"
#include "sealroom/crypto/owned.hpp"
#include "sealroom/keystore/store.hpp"

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

std::unexpected<Error> damaged() { return fail(ErrorKind::Failed, "holds a damaged private key: " + openssl_errors()); }

Result<OwnedPkey> decode_pem(const Secret& text, const Secret& password) {
  int keys = 0;
  for (const auto label : pem_labels(as_text(text.view()))) keys += label.ends_with("PRIVATE KEY") ? 1 : 0;
  if (keys == 0) {
    return fail(ErrorKind::Failed, "holds no private key", "PEM, DER, PKCS#12 and JKS are read: openssl pkey -in FILE");
  }
  if (keys > 1) {
    return fail(ErrorKind::Failed, "holds several private keys", "give the leaf's own key in a file of its own");
  }
  const OwnedBio in(BIO_new_mem_buf(text.view().data(), static_cast<int>(text.size())));
  if (!in) std::abort();
  OwnedPkey key(PEM_read_bio_PrivateKey(in.get(), nullptr, give_password, const_cast<Secret*>(&password)));
  if (key) return key;
  if (!is_encrypted_key(text.view())) return damaged();
  openssl_errors();
  return fail(ErrorKind::Failed, "cannot be opened: wrong key password, or the key is damaged",
              "try: openssl pkey -in FILE -noout");
}

Result<OwnedPkey> decode_der(ByteView der) {
  const unsigned char* next = der.data();
  OwnedPkey key(d2i_AutoPrivateKey(nullptr, &next, static_cast<long>(der.size())));
  if (!key || next != der.data() + der.size()) return damaged();
  return key;
}

// Under a password: the DER of RFC 5958's EncryptedPrivateKeyInfo.
Result<OwnedPkey> decode_covered(ByteView der, const Secret& password) {
  auto pkcs8 = open_key(der, password);
  if (pkcs8) return decode_der(pkcs8->view());
  return fail(pkcs8.error().kind,
              "cannot be opened: wrong key password, or the key is damaged (" + pkcs8.error().message + ")",
              pkcs8.error().hint);
}

Result<OwnedPkey> decode_from_store(ByteView octets, const Secret& password) {
  auto contents = read_store(octets, password);
  if (!contents) return pass_on(contents);
  const StoreEntry* found = nullptr;
  for (const auto& entry : contents->entries) {
    if (entry.kind != EntryKind::PrivateKey) continue;
    if (found != nullptr) {
      return fail(ErrorKind::Failed, "holds several private keys", "give the leaf's own key in a store of its own");
    }
    found = &entry;
  }
  if (found == nullptr) return fail(ErrorKind::Failed, "is a store that holds no private key under a password");
  return decode_covered(found->protected_key, password);
}

// Whether `octets` are DER whole: one SEQUENCE with nothing behind it.
bool is_der(ByteView octets) {
  const unsigned char* next = octets.data();
  long size = 0;
  int tag = 0;
  int type = 0;
  const int flags = ASN1_get_object(&next, &size, &tag, &type, static_cast<long>(octets.size()));
  openssl_errors();
  return flags == V_ASN1_CONSTRUCTED && tag == V_ASN1_SEQUENCE && next + size == octets.data() + octets.size();
}

bool is_covered(ByteView der) {
  const unsigned char* next = der.data();
  const Owned<X509_SIG, X509_SIG_free> info(d2i_X509_SIG(nullptr, &next, static_cast<long>(der.size())));
  openssl_errors();
  return info && next == der.data() + der.size();
}

bool is_store(ByteView octets) {
  const auto type = store_type(octets);
  return type == StoreType::Jks || type == StoreType::Pkcs12;
}

Result<OwnedPkey> decode(const Secret& octets, const Secret& password) {
  if (is_store(octets.view())) return decode_from_store(octets.view(), password);
  if (!is_der(octets.view())) return decode_pem(octets, password);
  return is_covered(octets.view()) ? decode_covered(octets.view(), password) : decode_der(octets.view());
}

Result<Done> check_halves(EVP_PKEY* key) {
  const OwnedPkeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr));
  if (context && EVP_PKEY_pairwise_check(context.get()) == 1) return Done{};
  return fail(ErrorKind::Failed, "holds a private key whose public half does not belong to it: " + openssl_errors());
}

}  // namespace

bool is_encrypted_key(ByteView octets) {
  if (is_store(octets)) return true;
  if (is_der(octets)) return is_covered(octets);
  for (const auto label : pem_labels(as_text(octets))) {
    if (label == "ENCRYPTED PRIVATE KEY") return true;
  }
  return as_text(octets).find("Proc-Type: 4,ENCRYPTED") != std::string_view::npos;
}

Result<LeafKey> read_leaf_key(const Secret& octets, const Secret& password) {
  auto key = decode(octets, password);
  if (!key) return pass_on(key);
  auto halves = check_halves(key->get());
  if (!halves) return pass_on(halves);
  auto public_key = PublicKey::of(key->get());
  if (!public_key) return pass_on(public_key, "holds a key of another kind");
  const OwnedPrivateKeyInfo info(EVP_PKEY2PKCS8(key->get()));
  const int size = info ? i2d_PKCS8_PRIV_KEY_INFO(info.get(), nullptr) : 0;
  if (size <= 0)
    return fail(ErrorKind::Failed, "holds a private key that cannot be written as PKCS#8: " + openssl_errors());
  auto pkcs8 = Secret::with_size(static_cast<std::size_t>(size));
  if (!pkcs8) return pass_on(pkcs8);
  unsigned char* out = pkcs8->writable().data();  // straight into locked memory
  if (i2d_PKCS8_PRIV_KEY_INFO(info.get(), &out) != size) std::abort();
  return LeafKey{std::move(*pkcs8), std::move(*public_key)};
}

}  // namespace sealroom
