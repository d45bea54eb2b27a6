#pragma once

#include <memory>

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/conf.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/pkcs7.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

namespace sealroom {

template <auto Free>
struct FreeWith {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};

// An OpenSSL object and the function that frees it; a raw pointer lives in one of these from the line that made it.
template <class T, auto Free>
using Owned = std::unique_ptr<T, FreeWith<Free>>;

inline void free_openssl_memory(void* memory) { OPENSSL_free(memory); }
inline void free_extensions(STACK_OF(X509_EXTENSION) * all) { sk_X509_EXTENSION_pop_free(all, X509_EXTENSION_free); }
inline void free_general_names(GENERAL_NAMES* names) { GENERAL_NAMES_free(names); }

using OwnedX509 = Owned<X509, X509_free>;
using OwnedReq = Owned<X509_REQ, X509_REQ_free>;
using OwnedPkey = Owned<EVP_PKEY, EVP_PKEY_free>;
using OwnedPkeyContext = Owned<EVP_PKEY_CTX, EVP_PKEY_CTX_free>;
using OwnedDigestContext = Owned<EVP_MD_CTX, EVP_MD_CTX_free>;
using OwnedBio = Owned<BIO, BIO_free_all>;
using OwnedBignum = Owned<BIGNUM, BN_free>;
using OwnedName = Owned<X509_NAME, X509_NAME_free>;
using OwnedNameEntry = Owned<X509_NAME_ENTRY, X509_NAME_ENTRY_free>;
using OwnedExtension = Owned<X509_EXTENSION, X509_EXTENSION_free>;
using OwnedExtensions = Owned<STACK_OF(X509_EXTENSION), free_extensions>;
using OwnedGeneralNames = Owned<GENERAL_NAMES, free_general_names>;
using OwnedConf = Owned<CONF, NCONF_free>;
using OwnedInteger = Owned<ASN1_INTEGER, ASN1_INTEGER_free>;
using OwnedTime = Owned<ASN1_TIME, ASN1_TIME_free>;
using OwnedObject = Owned<ASN1_OBJECT, ASN1_OBJECT_free>;
using OwnedSpki = Owned<X509_PUBKEY, X509_PUBKEY_free>;
using OwnedMemory = Owned<unsigned char, free_openssl_memory>;
using OwnedStore = Owned<X509_STORE, X509_STORE_free>;
using OwnedStoreContext = Owned<X509_STORE_CTX, X509_STORE_CTX_free>;
using OwnedPkcs7 = Owned<PKCS7, PKCS7_free>;

}  // namespace sealroom
