#pragma once

#include <string_view>

#include "command.hpp"

namespace sealroom::cli {

// ReportPrinter prints a report (sealroom-report/1) while its members come, so that a large batch is never held as a
// whole: as text for people, or as one JSON value.
class ReportPrinter {
 public:
  // `batch` may be empty: the report of `check`.
  ReportPrinter(Output output, std::string_view batch);

  void request(const Json& verdict);
  void ignored(const Json& file);  // no request comes after one of these

  // Ends the value, without a line feed behind it. Gives the exit code: 3 when a request was refused, else 0.
  int end();

 private:
  void member(const Json& json);
  void close_requests();

  Output output_;
  bool first_ = true;
  bool requests_closed_ = false;
  bool refused_ = false;
};

}  // namespace sealroom::cli
