#pragma once

#include "sealroom/keystore/store.hpp"

namespace sealroom {

// Rounds of password hashing for everything in a store. With a key, what NIST and OWASP ask of PBKDF2-HMAC-SHA256
// today; without one there is nothing to guess but the password that guards against changes, and keytool's figure does.
inline constexpr int kKeystoreIterations = 600'000;
inline constexpr int kTruststoreIterations = 10'000;

// PKCS#12 (RFC 7292) as Java 8u301 and later and OpenSSL read it: PBES2 with PBKDF2-HMAC-SHA256 and AES-256-CBC for the
// key and for the certificates, a MAC with SHA-256. Key and store share `password`: Java opens no other. Errors (Usage):
// an alias that store_alias refuses, no key or no chain, a password that pkcs12_password refuses.
Result<Bytes> write_pkcs12(const KeyEntry& entry, const Secret& password, int iterations = kKeystoreIterations);

// Whether Java takes `password` for PKCS#12: not empty, and printable ASCII only (com.sun.crypto.provider.PBEKey refuses
// all else, although RFC 7292 appendix B.1 has Unicode). Error: Usage.
Result<Done> pkcs12_password(const Secret& password);

}  // namespace sealroom
