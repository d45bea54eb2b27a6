#include "pbe.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <openssl/pkcs12.h>

#include "sealroom/base/text.hpp"
#include "sealroom/crypto/crypto.hpp"

namespace sealroom {
namespace {

using OwnedPbe2 = Owned<PBE2PARAM, PBE2PARAM_free>;
using OwnedPbkdf2 = Owned<PBKDF2PARAM, PBKDF2PARAM_free>;
using OwnedPbe = Owned<PBEPARAM, PBEPARAM_free>;
inline void wipe_and_free(std::pair<unsigned char*, int>* plain) {
  OPENSSL_clear_free(plain->first, static_cast<std::size_t>(plain->second));
}

template <class T>
T* unpack(const ASN1_ITEM* item, const X509_ALGOR* algorithm) {
  const void* value = nullptr;
  int type = V_ASN1_UNDEF;
  X509_ALGOR_get0(nullptr, &type, &value, algorithm);
  if (type != V_ASN1_SEQUENCE) return nullptr;
  return static_cast<T*>(ASN1_item_unpack(static_cast<const ASN1_STRING*>(value), item));
}

int nid_of(const X509_ALGOR* algorithm) {
  const ASN1_OBJECT* oid = nullptr;
  X509_ALGOR_get0(&oid, nullptr, nullptr, algorithm);
  return OBJ_obj2nid(oid);
}

std::unexpected<Error> unknown(const X509_ALGOR* algorithm) {
  const ASN1_OBJECT* oid = nullptr;
  X509_ALGOR_get0(&oid, nullptr, nullptr, algorithm);
  char text[80] = "";
  OBJ_obj2txt(text, sizeof text, oid, 0);
  openssl_errors();
  return fail(ErrorKind::Failed, fmt::format("is encrypted in a way that is not known here ({})", printable(text)),
              "have it written anew: keytool -importkeystore -deststoretype PKCS12");
}

Result<Done> spend_for(const X509_ALGOR* algorithm, IterationBudget& budget) {
  if (nid_of(algorithm) == NID_pbes2) {
    const OwnedPbe2 scheme(unpack<PBE2PARAM>(ASN1_ITEM_rptr(PBE2PARAM), algorithm));
    if (!scheme || nid_of(scheme->keyfunc) != NID_id_pbkdf2) return unknown(algorithm);
    const OwnedPbkdf2 derivation(unpack<PBKDF2PARAM>(ASN1_ITEM_rptr(PBKDF2PARAM), scheme->keyfunc));
    if (!derivation) return unknown(algorithm);
    return budget.spend(derivation->iter);
  }
  const OwnedPbe parameters(unpack<PBEPARAM>(ASN1_ITEM_rptr(PBEPARAM), algorithm));
  if (!parameters || EVP_PBE_find(EVP_PBE_TYPE_OUTER, nid_of(algorithm), nullptr, nullptr, nullptr) != 1) {
    return unknown(algorithm);
  }
  return budget.spend(parameters->iter);
}

}  // namespace

Result<Done> IterationBudget::spend(const ASN1_INTEGER* iterations) {
  const long count = iterations == nullptr ? 1 : ASN1_INTEGER_get(iterations);  // RFC 7292 section 4: DEFAULT 1
  if (count < 1) return fail(ErrorKind::Failed, "has a count of iterations that is none");
  if (count > left_) {
    return fail(ErrorKind::Failed, "asks for too many iterations of password hashing",
                "a store that Java opens has at most 5000000 in one part");
  }
  left_ -= count;
  least_ = least_ == 0 ? count : std::min(least_, count);
  return Done{};
}

Result<Secret> decrypt(const X509_ALGOR* algorithm, ByteView covered, const Secret& password, IterationBudget& budget) {
  auto spent = spend_for(algorithm, budget);
  if (!spent) return pass_on(spent);
  std::pair<unsigned char*, int> plain{nullptr, 0};
  if (PKCS12_pbe_crypt(algorithm, reinterpret_cast<const char*>(password.view().data()),
                       static_cast<int>(password.size()), covered.data(), static_cast<int>(covered.size()),
                       &plain.first, &plain.second, 0) == nullptr) {
    return fail(ErrorKind::Failed,
                "cannot be decrypted: wrong password, damaged, or a cipher that OpenSSL has put away (" +
                    openssl_errors() + ")");
  }
  const Owned<std::pair<unsigned char*, int>, wipe_and_free> wiped(&plain);
  return Secret::copy_of({plain.first, static_cast<std::size_t>(plain.second)});
}

}  // namespace sealroom
