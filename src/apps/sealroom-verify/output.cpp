#include "output.hpp"

#include <fmt/format.h>

#include "sealroom/base/text.hpp"

namespace sealroom::verify {
namespace {

std::string_view name_of(ExportKind kind) { return kind == ExportKind::Batch ? "batch" : "log"; }

std::string_view result_of(const Verification& verification) {
  if (!verification.agrees()) return "disagrees";
  return verification.anchored() ? "verified" : "consistent, not anchored";
}

// What a person must still do before they can rely on it.
std::string missing_anchors(const Verification& verification) {
  std::string text;
  if (!verification.roots_anchored) text += "  give the root certificate that you trust with --root\n";
  if (!verification.log_anchored) text += "  give the log key whose fingerprint you know with --log-key\n";
  return text;
}

// Requests come from outside, so a member may be anything.
std::string member_text(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found == object.end() || !found->is_string() ? std::string("-") : printable(found->get<std::string>());
}

std::string_view answer_of(const Json& match) {
  if (match.is_null()) return "not here";
  return match.get<bool>() ? "match" : "DO NOT MATCH";
}

}  // namespace

int exit_code_of(const Verification& verification) {
  if (!verification.agrees()) return kDisagrees;
  return verification.anchored() ? kVerified : kNotAnchored;
}

Json json_of(const Verification& verification) {
  Json findings = Json::array();
  for (const auto& [id, detail] : verification.findings) findings.push_back({{"id", id}, {"detail", detail}});
  return {{"format", "sealroom-verify/1"},
          {"kind", name_of(verification.kind)},
          {"name", verification.name},
          {"result", result_of(verification)},
          {"roots_anchored", verification.roots_anchored},
          {"log_anchored", verification.log_anchored},
          {"findings", std::move(findings)},
          {"findings_left_out", verification.findings_left_out},
          {"seen", verification.seen},
          {"warnings", verification.warnings}};
}

std::string text_of(const Verification& verification) {
  std::string text = fmt::format("{} {}\n", name_of(verification.kind), verification.name);
  if (verification.agrees()) {
    for (const auto& line : verification.seen) text += fmt::format("  {}\n", line);
  }
  for (const auto& line : verification.warnings) text += fmt::format("  WARNING: {}\n", line);
  for (const auto& [id, detail] : verification.findings) text += fmt::format("  {}: {}\n", id, detail);
  if (verification.findings_left_out > 0) text += fmt::format("  and {} more\n", verification.findings_left_out);
  text += fmt::format("{}\n", result_of(verification));
  return verification.agrees() ? text + missing_anchors(verification) : text;
}

std::string plans_text(const Json& plans) {
  std::string text;
  for (const auto& plan : plans.at("plans")) {
    const auto& document = plan.at("document");
    text += fmt::format("plan {}/{}\n", member_text(document, "batch"), member_text(document, "issuer"));
    text += fmt::format("  digest        {}\n", plan.at("digest").get<std::string>());
    text += fmt::format("  created       {}\n", member_text(document, "created"));
    text += fmt::format("  valid until   {}\n", member_text(document, "valid_until"));
    text +=
        fmt::format("  certificates  {} of {} requests\n", document.at("count").dump(), document.at("requests").dump());
    text += fmt::format("  lines of the requests {} the plan, leaves of the certificates {}\n",
                        answer_of(plan.at("requests_match")), answer_of(plan.at("certificates_match")));
    for (const auto& request : plan.at("requests")) {
      if (!request.is_object()) continue;
      text += fmt::format("  {:<9} {}  {}\n", member_text(request, "verdict"), member_text(request, "file"),
                          request.contains("serial") ? "serial " + member_text(request, "serial")
                                                     : request.value("findings", Json::array()).dump(-1, ' ', true));
    }
  }
  return text;
}

}  // namespace sealroom::verify
