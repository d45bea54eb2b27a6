#include "inspection.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <openssl/x509v3.h>

#include "sealroom/base/text.hpp"
#include "sealroom/crypto/crypto.hpp"
#include "store_warnings.hpp"

namespace sealroom::pack {
namespace {

bool allows(const Certificate& leaf, std::uint32_t usage) {
  return (X509_get_extension_flags(leaf.get()) & EXFLAG_XKUSAGE) != 0 &&
         (X509_get_extended_key_usage(leaf.get()) & usage) != 0;
}

// What the store is for, by what is in it.
std::string role_of(const Inspection& inspection) {
  const auto count = [&](EntryKind kind) {
    return std::ranges::count(inspection.entries, kind, &InspectedEntry::kind);
  };
  const auto keys = count(EntryKind::PrivateKey);
  const auto trusted = count(EntryKind::TrustedCertificate);
  if (keys == 0) return trusted > 0 ? "truststore" : inspection.closed_parts ? "unknown" : "empty";
  if (trusted > 0) return "keystore and truststore in one";
  if (keys > 1) return "keystore of several keys";
  const auto key = std::ranges::find(inspection.entries, EntryKind::PrivateKey, &InspectedEntry::kind);
  if (key->chain.empty() || !key->chain.front()) return "keystore";
  const bool server = allows(*key->chain.front(), XKU_SSL_SERVER);
  const bool client = allows(*key->chain.front(), XKU_SSL_CLIENT);
  return server && client ? "member keystore" : server ? "broker keystore" : client ? "client keystore" : "keystore";
}

}  // namespace

Result<Inspection> inspect_store(const std::string& file, ByteView octets, const Secret& store_password, Instant at) {
  auto contents = read_store(octets, store_password);
  if (!contents) return pass_on(contents, printable(file));
  Inspection inspection;
  inspection.file = file;
  inspection.type = contents->type;
  inspection.verified = contents->verified;
  inspection.closed_parts = contents->closed_parts;
  for (const auto& entry : contents->entries) {
    InspectedEntry inspected{entry.alias, entry.kind, entry.created, {}};
    for (const auto& der : entry.chain) {
      auto certificate = Certificate::parse(der);
      inspected.chain.push_back(certificate ? std::optional(std::move(*certificate)) : std::nullopt);
    }
    inspection.entries.push_back(std::move(inspected));
  }
  openssl_errors();
  inspection.role = role_of(inspection);
  inspection.warnings = warnings_of(inspection, *contents, store_password, at);
  return inspection;
}

}  // namespace sealroom::pack
