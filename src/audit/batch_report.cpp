#include "batch_report.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "sealroom/base/text.hpp"
#include "sealroom/plan/report.hpp"

namespace sealroom::audit {
namespace {

constexpr const char* kReport = "report.json";

// Values in what the report says of one request, with every limit of sealroom.yaml at its highest; and in what it says
// besides: of 100,000 files that were ignored.
constexpr std::size_t kMostOfRequest = 8'192;
constexpr std::size_t kMostBesides = 300'000;

// The ids of a report's findings, or of a plan's or an entry's, which are ids alone.
std::vector<std::string> ids_in(const Json& findings) {
  std::vector<std::string> ids;
  for (const auto& finding : findings) {
    ids.push_back(finding.is_string() ? finding.get<std::string>() : text_in(finding, "id"));
  }
  return ids;
}

class ReportJudge {
 public:
  ReportJudge(const BatchLog& log, const std::map<std::string, Plan>& plans, Complaints& complaints)
      : log_(log), plans_(plans), complaints_(complaints) {
    for (std::size_t i = 0; i < log.entries.size(); ++i) {
      if (log.at(i).event.name == "request.refused") refusals_.push_back(i);
    }
  }

  void judge(const Json& verdict) {
    file_ = printable(text_in(verdict, "file"));
    if (text_in(verdict, "serial").empty()) {
      judge_refused(verdict);
    } else {
      judge_planned(verdict);
      ++planned_;
    }
    compare_with_plan(verdict);
  }

  // After the last one: nothing that log and plans speak of is left over.
  void close(const Json& report) {
    require(next_refusal_ == refusals_.size(), "the log has refused more requests");
    require(planned_ == log_.trails.size(), "the log has planned other certificates");
    for (const auto& [issuer, plan] : plans_) {
      require(next_line_[issuer] == plan.requests.size(), fmt::format("plan {} has more requests", printable(issuer)));
    }
    for (const auto& [entry, leaf] : log_.entries) {
      if (entry.event.name != "batch.imported") continue;
      const auto& told = entry.event.details;
      require(count_in(told, "requests") == planned_ + refusals_.size() && count_in(told, "accepted") == planned_ &&
                  count_in(told, "refused") == refusals_.size() &&
                  count_in(told, "ignored") == list_in(report, "ignored").size(),
              "the log has imported another number of requests");
      ++imported_;
    }
    require(imported_ == 1, "the log has not imported this batch once");
  }

 private:
  void require(bool held, std::string_view what) {
    if (!held) complaints_.add("verify.report", fmt::format("{}: {}", kReport, what));
  }
  void require_of_file(bool held, std::string_view what) {
    if (!held) complaints_.add("verify.report", fmt::format("{}: {}: {}", kReport, file_, what));
  }

  void judge_refused(const Json& verdict) {
    require_of_file(text_in(verdict, "verdict") == "refused", "is neither planned nor refused");
    if (next_refusal_ == refusals_.size()) return require_of_file(false, "the log has not refused it");
    const auto& told = log_.at(refusals_[next_refusal_++]).event.details;
    require_of_file(text_in(told, "file") == text_in(verdict, "file") &&
                        text_in(told, "sha256") == text_in(verdict, "sha256") &&
                        ids_in(list_in(told, "findings")) == ids_in(list_in(verdict, "findings")),
                    "the log has refused another request, or for other reasons");
  }

  void judge_planned(const Json& verdict) {
    const auto found = log_.trails.find({text_in(verdict, "issuer"), text_in(verdict, "serial")});
    if (found == log_.trails.end() || !found->second.planned) {
      return require_of_file(false, "the log has not planned its certificate");
    }
    const auto& trail = found->second;
    require_of_file(text_in(verdict, "state") == trail.state,
                    fmt::format("its certificate is \"{}\" in the log", trail.state));
    require_of_file((text_in(verdict, "verdict") == "refused") == (trail.state == "refused"),
                    "its verdict is not that of the log");
    const auto& told = log_.at(*trail.planned).event.details;
    for (const auto* member : {"file", "issuer", "profile", "not_before", "not_after", "serial"}) {
      require_of_file(text_in(told, member) == text_in(verdict, member),
                      fmt::format("the log has planned another {}", member));
    }
    require_of_file(shortened(text_in(told, "subject")) == text_in(verdict, "subject"),
                    "the log has planned another subject");
    require_of_file(text_in(told, "request_sha256") == text_in(verdict, "sha256"),
                    "the log has planned another request");
  }

  void compare_with_plan(const Json& verdict) {
    const auto issuer = text_in(verdict, "issuer");
    const auto plan = plans_.find(issuer);
    if (plan == plans_.end()) return;
    auto& next = next_line_[issuer];
    if (next == plan->second.requests.size()) return require_of_file(false, "is not in the plan");
    const auto& line = plan->second.requests[next++];
    for (const auto* member : {"file", "profile", "sha256", "serial"}) {
      require_of_file(text_in(line, member) == text_in(verdict, member),
                      fmt::format("the plan has another {}", member));
    }
    // What was refused when it was to be signed was accepted by the plan, and has a finding more.
    auto findings = ids_in(list_in(verdict, "findings"));
    const bool later = text_in(verdict, "state") == "refused";
    if (later && !findings.empty()) findings.pop_back();
    require_of_file(ids_in(list_in(line, "findings")) == findings &&
                        text_in(line, "verdict") == (later ? "accepted" : text_in(verdict, "verdict")),
                    "the plan has another verdict");
    const auto trail = log_.trails.find({issuer, text_in(line, "serial")});
    if (trail == log_.trails.end() || !trail->second.planned) return;
    require_of_file(text_in(log_.at(*trail->second.planned).event.details, "tbs_sha256") == text_in(line, "tbs_sha256"),
                    "plan and log have other octets to be signed");
  }

  const BatchLog& log_;
  const std::map<std::string, Plan>& plans_;
  Complaints& complaints_;
  std::vector<std::size_t> refusals_;
  std::size_t next_refusal_ = 0;
  std::size_t planned_ = 0;
  std::size_t imported_ = 0;
  std::map<std::string, std::size_t> next_line_;
  std::string file_;
};

}  // namespace

std::vector<ReportedCertificate> read_report(ExportedFiles& files, const BatchLog& log,
                                             const std::map<std::string, Plan>& plans, const std::string& batch,
                                             Complaints& complaints, Verification& verification) {
  std::vector<ReportedCertificate> issued;
  files.text("report.html");
  // Each request has an entry.
  const auto report = files.json(kReport, log.entries.size() * kMostOfRequest + kMostBesides);
  if (!report) return issued;
  complaints.require(text_in(*report, "format") == kReportFormat && text_in(*report, "batch") == batch, "verify.report",
                     fmt::format("{}: is not the report of batch {}", kReport, printable(batch)));
  ReportJudge judge(log, plans, complaints);
  const auto& requests = list_in(*report, "requests");
  for (const auto& verdict : requests) {
    judge.judge(verdict);
    if (text_in(verdict, "state") != "issued") continue;
    issued.push_back({.issuer = text_in(verdict, "issuer"),
                      .profile = text_in(verdict, "profile"),
                      .name = text_in(verdict, "name"),
                      .serial = text_in(verdict, "serial"),
                      .verdict = verdict});
  }
  judge.close(*report);
  verification.seen.push_back(
      fmt::format("the report of {} request(s) tells what log and plans tell", requests.size()));
  return issued;
}

}  // namespace sealroom::audit
