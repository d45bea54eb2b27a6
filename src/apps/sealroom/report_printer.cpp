#include "report_printer.hpp"

#include <iostream>

#include "sealroom/plan/report.hpp"

namespace sealroom::cli {

ReportPrinter::ReportPrinter(Output output, std::string_view batch) : output_(output) {
  if (output_ == Output::People) return;
  std::cout << R"({"format":)" << Json(kReportFormat) << R"(,"batch":)" << (batch.empty() ? Json(nullptr) : Json(batch))
            << R"(,"requests":[)";
}

void ReportPrinter::request(const Json& verdict) {
  refused_ = refused_ || verdict.at("verdict") != "accepted";
  if (output_ == Output::Json) return member(verdict);
  std::cout << request_text(verdict);
}

void ReportPrinter::ignored(const Json& file) {
  if (output_ == Output::People) {
    std::cout << ignored_text(file);
    return;
  }
  close_requests();
  member(file);
}

int ReportPrinter::end() {
  if (output_ == Output::Json) {
    close_requests();
    std::cout << "]}";
  }
  return refused_ ? kSomeRefused : kDone;
}

void ReportPrinter::member(const Json& json) {
  if (!first_) std::cout << ",";
  first_ = false;
  std::cout << json.dump(-1, ' ', true);
}

void ReportPrinter::close_requests() {
  if (requests_closed_) return;
  std::cout << R"(],"ignored":[)";
  requests_closed_ = true;
  first_ = true;
}

}  // namespace sealroom::cli
