#include "sealroom/plan/report.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "rules.hpp"
#include "sealroom/base/text.hpp"
#include "sealroom/x509/name.hpp"
#include "usages.hpp"

namespace sealroom {
namespace {

constexpr const char* kAccepted = "accepted";
constexpr const char* kRefused = "refused";

// What only a ledger, a clock and an operator's wish can decide (decide.hpp).
constexpr std::array kNeedsLedger{"issuer.key",
                                  "issuer.validity",
                                  "key.of-a-ca",
                                  "key.other-subject",
                                  "key.renewal",
                                  "profile.own-certificate",
                                  "request.already-issued",
                                  "request.duplicate",
                                  "subject.not-unique",
                                  "validity.cut",
                                  "validity.not-before",
                                  "validity.order",
                                  "validity.past-issuer",
                                  "validity.too-long"};

// Verdicts travel in frames and stand on paper: a hostile name of thousands of octets is cut. With every limit of
// sealroom.yaml at its highest a verdict has less than 700,000 octets.
constexpr std::size_t kLongestText = 1'000;
constexpr std::size_t kLongestName = 300;  // a host name has 253

std::string cut(std::string text, std::size_t most) {
  if (text.size() <= most) return text;
  const auto missing = text.size() - most;
  text.resize(most);
  return text + fmt::format("... ({} more characters)", missing);
}

Json list_of(const Findings& findings) {
  Json list = Json::array();
  for (const auto& finding : findings) list.push_back({{"id", finding.id}, {"detail", shortened(finding.detail)}});
  return list;
}

Json named(std::string_view path, std::string_view issuer, std::string_view profile, const char* verdict) {
  return {{"file", printable(path)},
          {"issuer", issuer.empty() ? Json(nullptr) : Json(printable(issuer))},
          {"profile", profile.empty() ? Json(nullptr) : Json(printable(profile))},
          {"verdict", verdict}};
}

void add_request(const Examination& examination, Json& verdict) {
  const auto* request = examination.request();
  if (request == nullptr) return;
  const auto& subject = examination.subject.empty() ? request->subject() : examination.subject;
  verdict["sha256"] = to_hex(request->digest());
  verdict["subject"] = shortened(printable_name(subject));
  verdict["key"] = request->key().description();
  verdict["names"] = Json::array();
  for (const auto& extension : request->extensions()) {
    if (extension.oid != kAlternativeName) continue;
    for (auto& name : printable_general_names(extension.value))
      verdict["names"].push_back(cut(std::move(name), kLongestName));
  }
}

Json verdict_about(const Examination& examination, std::string_view issuer, std::string_view profile) {
  const bool accepted = examination.refusals.empty();
  auto verdict = named(examination.submission.path, issuer, profile, accepted ? kAccepted : kRefused);
  verdict["findings"] = list_of(examination.refusals);
  for (auto& remark : list_of(examination.remarks)) verdict["findings"].push_back(std::move(remark));
  verdict["asked"] = Json::array();
  for (const auto& treatment : examination.treatments) {
    verdict["asked"].push_back({{"asked", treatment.asked}, {"happened", treatment.happened}});
  }
  add_request(examination, verdict);
  return verdict;
}

}  // namespace

std::string shortened(std::string text) { return cut(std::move(text), kLongestText); }

Json verdict_of(const Decision& decision, std::string_view issuer, std::string_view profile) {
  if (const auto* refusal = std::get_if<Refusal>(&decision)) {
    return verdict_about(refusal->examination, issuer, profile);
  }
  const auto& permit = std::get<Permit>(decision);
  auto verdict = verdict_about(permit.examination(), issuer, profile);
  verdict["not_before"] = to_rfc3339(permit.validity().not_before);
  verdict["not_after"] = to_rfc3339(permit.validity().not_after);
  return verdict;
}

Json verdict_of(const Examination& examination, std::string_view issuer, std::string_view profile) {
  auto verdict = verdict_about(examination, issuer, profile);
  auto open = examination.not_evaluated;
  open.insert(open.end(), kNeedsLedger.begin(), kNeedsLedger.end());
  std::ranges::sort(open);
  verdict["not_evaluated"] = open;
  return verdict;
}

Json verdict_of_unreadable(std::string_view path, std::string_view issuer, std::string_view profile,
                           const Findings& findings) {
  auto verdict = named(path, issuer, profile, kRefused);
  verdict["findings"] = list_of(findings);
  return verdict;
}

Json report_of(std::string_view batch, std::vector<Json> verdicts, std::vector<Json> ignored) {
  return {{"format", kReportFormat},
          {"batch", batch.empty() ? Json(nullptr) : Json(batch)},
          {"requests", std::move(verdicts)},
          {"ignored", std::move(ignored)}};
}

std::string request_text(const Json& verdict) {
  auto text = fmt::format("{:<9} {}", verdict.at("verdict").get<std::string>(), verdict.at("file").get<std::string>());
  if (verdict.contains("subject")) text += fmt::format("  ({})", verdict.at("subject").get<std::string>());
  text += '\n';
  for (const auto& finding : verdict.at("findings")) {
    text +=
        fmt::format("          {}: {}\n", finding.at("id").get<std::string>(), finding.at("detail").get<std::string>());
  }
  return text;
}

std::string ignored_text(const Json& file) {
  return fmt::format("{:<9} {}  ({})\n", "ignored", file.value("file", ""), file.value("reason", ""));
}

}  // namespace sealroom
