#pragma once

#include <catch2/catch.hpp>

#include "sealroom/base/file.hpp"
#include "sealroom/base/secret.hpp"
#include "sealroom/keystore/jks.hpp"
#include "sealroom/keystore/truststore_writer.hpp"

namespace sealroom::testing {

inline Secret secret(std::string_view text) {
  auto made = Secret::copy_of(as_bytes(text));
  REQUIRE(made);
  return std::move(*made);
}

inline constexpr std::string_view kStorePassword = "a store password";
inline constexpr std::string_view kEntryPassword = "an entry password";
inline const Instant kCreated{std::chrono::seconds(1795255200)};  // 2026-11-21T10:00:00Z

// A keystore's entry with stand-in octets: JKS does not look inside.
inline KeyEntry sample_key(std::string_view alias = "HiveMQ Broker Certificate") {
  return {std::string(alias),
          kCreated,
          secret("the octets of a PKCS#8 private key, longer than one SHA-1"),
          {{0x30, 0x01, 0x01}, {0x30, 0x02, 0x02, 0x02}}};
}

inline std::vector<TrustEntry> sample_trust() {
  return {{"Root CA", kCreated, {0x30, 0x01, 0x01}}, {"intermediate", kCreated, {0x30, 0x02, 0x02, 0x02}}};
}

inline Bytes written(const KeyEntry& entry) {
  auto octets = write_jks(entry, secret(kStorePassword), secret(kEntryPassword));
  REQUIRE(octets);
  return std::move(*octets);
}

inline Result<Bytes> write_truststore(StoreType type, const std::vector<TrustEntry>& entries, const Secret& password,
                                      Salts salts = Salts::Random, int iterations = 10) {
  MemorySink sink;
  auto writer = TruststoreWriter::begin(type, sink, entries.size(), password, salts, iterations);
  if (!writer) return pass_on(writer);
  for (const auto& entry : entries) {
    auto added = (*writer)->add(entry);
    if (!added) return pass_on(added);
  }
  auto finished = (*writer)->finish();
  if (!finished) return pass_on(finished);
  return std::move(sink).take();
}

inline Bytes written(const std::vector<TrustEntry>& entries) {
  auto octets = write_truststore(StoreType::Jks, entries, secret(kStorePassword));
  REQUIRE(octets);
  return std::move(*octets);
}

}  // namespace sealroom::testing
