#include "sealroom/plan/document.hpp"

#include "sealroom/crypto/crypto.hpp"
#include "sealroom/log/canonical.hpp"
#include "to_be_signed.hpp"

namespace sealroom {

std::string PlanBuilder::document() const {
  return log::canonical({
      {"type", kPlanType},
      {"origin", facts_.origin},
      {"batch", facts_.batch},
      {"issuer", facts_.issuer},
      {"created", to_rfc3339(facts_.created)},
      {"valid_until", to_rfc3339(facts_.valid_until)},
      {"count", certificates_.size()},
      {"requests", requests_.size()},
      {"configuration", to_hex(facts_.configuration)},
      {"issuer_certificate", to_hex(facts_.issuer_certificate)},
      {"tbs_root", to_hex(certificates_.root())},
      {"requests_root", to_hex(requests_.root())},
  });
}

std::string request_line(const Json& verdict, ByteView to_be_signed) {
  Json line = {{"file", verdict.at("file")},
               {"sha256", verdict.contains("sha256") ? verdict.at("sha256") : Json(nullptr)},
               {"profile", verdict.at("profile")},
               {"verdict", verdict.at("verdict")},
               {"findings", Json::array()}};
  for (const auto& finding : verdict.at("findings")) line["findings"].push_back(finding.at("id"));
  if (!to_be_signed.empty()) {
    line["serial"] = to_upper_hex(parts_of(to_be_signed).value().serial);
    line["tbs_sha256"] = to_hex(sha256(to_be_signed));
  }
  return log::canonical(line);
}

Digest plan_digest(std::string_view document) {
  Sha256 hash;
  hash.add(as_bytes(kPlanType));
  hash.add(as_bytes("\n"));
  hash.add(as_bytes(document));
  return hash.finish();
}

}  // namespace sealroom
