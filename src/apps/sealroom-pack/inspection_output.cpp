#include <fmt/format.h>

#include "describe.hpp"
#include "inspection.hpp"
#include "sealroom/base/text.hpp"
#include "sealroom/x509/name.hpp"

namespace sealroom::pack {
namespace {

Json json_of(const std::optional<Certificate>& certificate) {
  if (!certificate) return nullptr;
  return {{"subject", printable_name(certificate->subject())},
          {"issuer", printable_name(certificate->issuer())},
          {"serial", certificate->serial_hex()},
          {"not_before", to_rfc3339(certificate->not_before())},
          {"not_after", to_rfc3339(certificate->not_after())},
          {"key", certificate->key().description()},
          {"ca", certificate->is_ca()},
          {"sha256", to_hex(certificate->digest())}};
}

}  // namespace

std::string to_text(const Inspection& inspection) {
  const auto file = printable(inspection.file);
  std::string text;
  if (inspection.type == StoreType::Pkcs12) {
    text = fmt::format("{}: PKCS#12\n", file);
  } else {
    text = fmt::format("{}: JKS, {} {}, integrity {}\n", file, inspection.entries.size(),
                       inspection.entries.size() == 1 ? "entry" : "entries",
                       inspection.digest_verified ? "verified" : "not checked (no password given)");
  }
  for (const auto& entry : inspection.entries) {
    text += fmt::format("  {}: {}, chain length {}, made {}\n", entry.alias,
                        entry.private_key ? "private key" : "trusted certificate", entry.chain.size(),
                        to_rfc3339(entry.created));
    for (const auto& certificate : entry.chain) {
      text += certificate ? lines_of(*certificate) : "    (not a certificate)\n";
    }
  }
  for (const auto& [id, detail] : inspection.warnings) text += fmt::format("  warning: {}: {}\n", id, detail);
  return text;
}

Json to_json(const Inspection& inspection) {
  Json out = {{"format", "sealroom-keystore-inspect/1"},
              {"file", printable(inspection.file)},
              {"type", inspection.type == StoreType::Pkcs12 ? "pkcs12" : "jks"},
              {"integrity", inspection.digest_verified ? "verified" : "not-checked"},
              {"warnings", Json::array()}};
  for (const auto& [id, detail] : inspection.warnings) out["warnings"].push_back({{"id", id}, {"detail", detail}});
  if (inspection.type != StoreType::Jks) return out;  // without "entries": none were looked for
  out["entries"] = Json::array();
  for (const auto& entry : inspection.entries) {
    Json chain = Json::array();
    for (const auto& certificate : entry.chain) chain.push_back(json_of(certificate));
    out["entries"].push_back({{"alias", entry.alias},
                              {"type", entry.private_key ? "private-key" : "trusted-certificate"},
                              {"created", to_rfc3339(entry.created)},
                              {"chain", std::move(chain)}});
  }
  return out;
}

}  // namespace sealroom::pack
