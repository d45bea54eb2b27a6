#pragma once

#include <catch2/catch.hpp>

#include "sealroom/base/file.hpp"
#include "sealroom/base/secret.hpp"
#include "sealroom/keystore/jks.hpp"

namespace sealroom::testing {

inline Secret secret(std::string_view text) {
  auto made = Secret::copy_of(as_bytes(text));
  REQUIRE(made);
  return std::move(*made);
}

inline constexpr std::string_view kStorePassword = "a store password";
inline constexpr std::string_view kEntryPassword = "an entry password";
inline const Instant kCreated{std::chrono::seconds(1795255200)};  // 2026-11-21T10:00:00Z

// A store of one key (stand-in octets: the format does not look inside) and two certificates.
inline JksKeystore sample_keystore(std::string_view alias = "HiveMQ Broker Certificate") {
  JksKeystore store;
  store.keys.push_back({std::string(alias),
                        kCreated,
                        secret("the octets of a PKCS#8 private key, longer than one SHA-1"),
                        {{0x30, 0x01, 0x01}, {0x30, 0x02, 0x02, 0x02}}});
  return store;
}

inline JksTruststore sample_truststore() {
  return {{{"Root CA", kCreated, {0x30, 0x01, 0x01}}, {"intermediate", kCreated, {0x30, 0x02, 0x02, 0x02}}}};
}

inline Bytes written(const JksKeystore& store) {
  auto octets = write_jks(store, secret(kStorePassword), secret(kEntryPassword));
  REQUIRE(octets);
  return std::move(*octets);
}

inline Bytes written(const JksTruststore& store) {
  auto octets = write_jks(store, secret(kStorePassword));
  REQUIRE(octets);
  return std::move(*octets);
}

}  // namespace sealroom::testing
