#include <fmt/format.h>

#include "sealroom/base/text.hpp"
#include "sealroom/plan/report.hpp"

namespace sealroom {
namespace {

constexpr std::string_view kHead = R"(<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Sealroom report</title>
<style>
@page { size: A4; margin: 18mm 16mm; }
* { box-sizing: border-box; }
body { font: 10.5pt/1.45 system-ui, "Liberation Sans", Arial, sans-serif; color: #1a1a1a; max-width: 60rem;
  margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; margin: 0 0 .3rem; }
h2 { font-size: 1.2rem; margin: 2rem 0 .6rem; padding-bottom: .2rem; border-bottom: 2px solid currentColor; }
h3 { font-size: 1rem; margin: 0 0 .4rem; overflow-wrap: anywhere; }
.refused { color: #9b1c1c; }
.accepted { color: #14532d; }
article { color: #1a1a1a; border: 1px solid #c9c9c9; border-left: .35rem solid; border-radius: 3px;
  padding: .7rem .9rem; margin: 0 0 .8rem; break-inside: avoid; }
article.refused { border-left-color: #9b1c1c; }
article.accepted { border-left-color: #14532d; }
dl { display: grid; grid-template-columns: 7.5rem 1fr; gap: .1rem .8rem; margin: 0; }
dt { color: #555; }
dd { margin: 0; overflow-wrap: anywhere; }
code, .mono { font: .92em/1.4 "DejaVu Sans Mono", "Liberation Mono", monospace; }
ul { margin: .5rem 0 0; padding-left: 1.1rem; }
li { margin: .15rem 0; overflow-wrap: anywhere; }
.none { color: #555; }
@media print { body { margin: 0; padding: 0; max-width: none; } h2 { break-after: avoid; } }
</style>
</head>
<body>
)";

// A member as text for a page: strings as they are, lists with commas, nothing for what is not there.
std::string text_of(const Json& object, const char* member) {
  const auto found = object.find(member);
  if (found == object.end() || found->is_null()) return {};
  if (found->is_string()) return html_escaped(found->get<std::string>());
  if (!found->is_array()) return html_escaped(found->dump());
  std::string text;
  for (const auto& item : *found) {
    if (!text.empty()) text += ", ";
    text += html_escaped(item.is_string() ? item.get<std::string>() : item.dump());
  }
  return text;
}

void add_row(std::string& page, std::string_view name, const std::string& value, std::string_view kind = "") {
  if (value.empty()) return;
  page += fmt::format("<dt>{}</dt><dd{}>{}</dd>\n", name, kind, value);
}

void add_findings(std::string& page, const Json& request) {
  const auto& findings = request.at("findings");
  if (findings.empty()) return;
  page += "<ul>\n";
  for (const auto& finding : findings) {
    page += fmt::format("<li><code>{}</code>: {}</li>\n", text_of(finding, "id"), text_of(finding, "detail"));
  }
  page += "</ul>\n";
}

std::string asked_and_happened(const Json& request) {
  std::string text;
  for (const auto& item : request.value("asked", Json::array())) {
    if (!text.empty()) text += "; ";
    text += fmt::format("{}: {}", text_of(item, "asked"), text_of(item, "happened"));
  }
  return text;
}

void add_request(std::string& page, const Json& request, std::string_view verdict) {
  constexpr std::string_view kMono = " class=\"mono\"";
  page += fmt::format("<article class=\"{}\">\n<h3>{}</h3>\n<dl>\n", verdict, text_of(request, "file"));
  add_row(page, "Subject", text_of(request, "subject"));
  add_row(page, "Names", text_of(request, "names"));
  add_row(page, "Key", text_of(request, "key"));
  add_row(page, "Issuer", text_of(request, "issuer"));
  add_row(page, "Profile", text_of(request, "profile"));
  add_row(page, "Serial", text_of(request, "serial"), kMono);
  add_row(page, "State", text_of(request, "state"));
  add_row(page, "Valid from", text_of(request, "not_before"));
  add_row(page, "Valid until", text_of(request, "not_after"));
  add_row(page, "Request asked", asked_and_happened(request));
  add_row(page, "SHA-256", text_of(request, "sha256"), kMono);
  page += "</dl>\n";
  add_findings(page, request);
  page += "</article>\n";
}

std::size_t count_of(const Json& requests, std::string_view verdict) {
  std::size_t count = 0;
  for (const auto& request : requests) count += request.value("verdict", "") == verdict ? 1 : 0;
  return count;
}

void add_section(std::string& page, const Json& requests, std::string_view verdict, std::string_view title) {
  const auto count = count_of(requests, verdict);
  page += fmt::format("<section>\n<h2 class=\"{}\">{} ({})</h2>\n", verdict, title, count);
  if (count == 0) page += "<p class=\"none\">None.</p>\n";
  for (const auto& request : requests) {
    if (request.value("verdict", "") == verdict) add_request(page, request, verdict);
  }
  page += "</section>\n";
}

void add_ignored(std::string& page, const Json& ignored) {
  if (ignored.empty()) return;
  page += fmt::format("<section>\n<h2>Ignored ({})</h2>\n<ul>\n", ignored.size());
  for (const auto& file : ignored)
    page += fmt::format("<li>{}: {}</li>\n", text_of(file, "file"), text_of(file, "reason"));
  page += "</ul>\n</section>\n";
}

}  // namespace

std::string report_html(const Json& report) {
  const auto& requests = report.at("requests");
  std::string page(kHead);
  const auto batch = text_of(report, "batch");
  page += fmt::format("<h1>{}</h1>\n", batch.empty() ? "Sealroom report" : "Batch " + batch);
  page += fmt::format("<p>{} of {} requests accepted, {} refused. Every reason for a refusal is listed.</p>\n",
                      count_of(requests, "accepted"), requests.size(), count_of(requests, "refused"));
  add_section(page, requests, "refused", "Refused");
  add_section(page, requests, "accepted", "Accepted");
  add_ignored(page, report.at("ignored"));
  return page + "</body>\n</html>\n";
}

}  // namespace sealroom
