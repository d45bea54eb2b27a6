#pragma once

#include <string>
#include <vector>

#include "sealroom/base/json.hpp"
#include "sealroom/plan/decide.hpp"

namespace sealroom {

inline constexpr std::string_view kReportFormat = "sealroom-report/1";

// A detail or subject as reports show it: cut after 1000 characters, with how many are missing.
std::string shortened(std::string text);

// One member of "requests" in a report (docs/formats.md, Report): file, issuer, profile, verdict, findings, asked,
// and as far as they are known sha256, subject, key, names.
Json verdict_of(const Decision& decision, std::string_view issuer, std::string_view profile);

// The same for an examination alone, as `sealroom check` makes it; adds "not_evaluated".
Json verdict_of(const Examination& examination, std::string_view issuer, std::string_view profile);

// The verdict on a file that could not be read as a request.
Json verdict_of_unreadable(std::string_view path, std::string_view issuer, std::string_view profile,
                           const Findings& findings);

// {"format": "sealroom-report/1", "batch": ..., "requests": [...], "ignored": [...]}; `batch` may be empty (null).
Json report_of(std::string_view batch, std::vector<Json> verdicts, std::vector<Json> ignored);

// The same report as one self-contained HTML page: readable, printable, no script, nothing loaded.
std::string report_html(const Json& report);

// One member of "requests" for a terminal: a line about the request, and one for each finding with its remedy.
std::string request_text(const Json& verdict);

// One member of "ignored" for a terminal, a line.
std::string ignored_text(const Json& file);

}  // namespace sealroom
