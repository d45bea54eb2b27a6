#pragma once

#include <vector>

#include "sealroom/base/bytes.hpp"
#include "sealroom/base/secret.hpp"
#include "sealroom/keystore/truststore_writer.hpp"

namespace sealroom {

// What Oracle's PKCS12KeyStore looks for in a certificate's bag, to list it as trusted for any use.
inline constexpr const char* kTrustedKeyUsage = "2.16.840.1.113894.746875.1.1";

// SafeBags one after the other, DER, and whether they go out encrypted.
struct Safe {
  Bytes bags;
  bool encrypted = true;
};

// The PFX (RFC 7292 section 4) of `safes`, DER, under `password`, which pkcs12_password took.
Bytes pkcs12_of(const std::vector<Safe>& safes, const Secret& password, Salts salts, int iterations);

// The SafeBag of a certificate that Java lists as trusted. Error (Failed): not a certificate.
Result<Bytes> trusted_bag(const TrustEntry& entry);

}  // namespace sealroom
