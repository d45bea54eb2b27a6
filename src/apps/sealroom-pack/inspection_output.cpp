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

std::string_view kind_of(EntryKind kind) {
  switch (kind) {
    case EntryKind::PrivateKey: return "private key";
    case EntryKind::TrustedCertificate: return "trusted certificate";
    case EntryKind::Unseen: return "certificate that Java does not see";
    case EntryKind::Other: break;
  }
  return "neither key nor certificate";
}

std::string_view json_kind_of(EntryKind kind) {
  switch (kind) {
    case EntryKind::PrivateKey: return "private-key";
    case EntryKind::TrustedCertificate: return "trusted-certificate";
    case EntryKind::Unseen: return "unseen-certificate";
    case EntryKind::Other: break;
  }
  return "other";
}

}  // namespace

std::string to_text(const Inspection& inspection) {
  std::string text =
      fmt::format("{}: {}, {} {}, {}, integrity {}\n", printable(inspection.file), name_of(inspection.type),
                  inspection.entries.size(), inspection.entries.size() == 1 ? "entry" : "entries", inspection.role,
                  inspection.verified ? "verified" : "not checked (no password given)");
  for (const auto& entry : inspection.entries) {
    text += fmt::format("  {}: {}, chain length {}{}\n", entry.alias.empty() ? "(no alias)" : entry.alias,
                        kind_of(entry.kind), entry.chain.size(),
                        entry.created ? ", made " + to_rfc3339(*entry.created) : "");
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
              {"role", inspection.role},
              {"integrity", inspection.verified ? "verified" : "not-checked"},
              {"complete", !inspection.closed_parts},
              {"entries", Json::array()},
              {"warnings", Json::array()}};
  for (const auto& [id, detail] : inspection.warnings) out["warnings"].push_back({{"id", id}, {"detail", detail}});
  for (const auto& entry : inspection.entries) {
    Json chain = Json::array();
    for (const auto& certificate : entry.chain) chain.push_back(json_of(certificate));
    Json line = {{"alias", entry.alias}, {"type", json_kind_of(entry.kind)}, {"chain", std::move(chain)}};
    if (entry.created) line["created"] = to_rfc3339(*entry.created);
    out["entries"].push_back(std::move(line));
  }
  return out;
}

}  // namespace sealroom::pack
