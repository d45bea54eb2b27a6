#include <openssl/pkcs12.h>

#include "jks_octets.hpp"
#include "pbe.hpp"
#include "read_stores.hpp"
#include "sealroom/crypto/crypto.hpp"

namespace sealroom {
namespace {

using OwnedSig = Owned<X509_SIG, X509_SIG_free>;
using OwnedPrivateKeyInfo = Owned<PKCS8_PRIV_KEY_INFO, PKCS8_PRIV_KEY_INFO_free>;

// Whether `octets` are a PrivateKeyInfo: decryption under a wrong password succeeds once in 256 times.
bool is_private_key(const Secret& octets) {
  const unsigned char* next = octets.view().data();
  const OwnedPrivateKeyInfo info(d2i_PKCS8_PRIV_KEY_INFO(nullptr, &next, static_cast<long>(octets.size())));
  openssl_errors();
  return info && next == octets.view().data() + octets.size();
}

}  // namespace

Result<StoreContents> read_store(ByteView octets, const Secret& store_password, long iterations) {
  switch (store_type(octets)) {
    case StoreType::Jks: return read_jks(octets, store_password);
    case StoreType::Pkcs12: return read_pkcs12(octets, store_password, iterations);
    case StoreType::Jceks: return fail(ErrorKind::Failed, "is a JCEKS store; JKS and PKCS#12 are read");
    case StoreType::Unknown: break;
  }
  if (!octets.empty() && octets[0] == 0x30) {
    return fail(ErrorKind::Failed, "is DER, but no PKCS#12 store in whole", "it may be half written: copy it again");
  }
  return fail(ErrorKind::Failed, "is no store: it begins neither as JKS (FEEDFEED) nor as PKCS#12 (DER)");
}

Result<Secret> open_key(ByteView protected_key, const Secret& password, long iterations) {
  const unsigned char* next = protected_key.data();
  const OwnedSig info(d2i_X509_SIG(nullptr, &next, static_cast<long>(protected_key.size())));
  if (!info || next != protected_key.data() + protected_key.size()) {
    openssl_errors();
    return fail(ErrorKind::Failed, "private key entry is not an EncryptedPrivateKeyInfo");
  }
  auto of_sun = open_sun_key(info.get(), password);
  if (!of_sun) return pass_on(of_sun);
  if (*of_sun) return std::move(**of_sun);
  const X509_ALGOR* algorithm = nullptr;
  const ASN1_OCTET_STRING* value = nullptr;
  X509_SIG_get0(info.get(), &algorithm, &value);
  IterationBudget budget(iterations);
  auto key = decrypt(algorithm, {value->data, static_cast<std::size_t>(value->length)}, password, budget);
  if (!key) return pass_on(key, "private key entry");
  if (is_private_key(*key)) return key;
  return fail(ErrorKind::Failed, "private key entry cannot be opened: wrong password, or the entry is damaged");
}

}  // namespace sealroom
