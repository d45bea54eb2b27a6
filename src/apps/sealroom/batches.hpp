#pragma once

#include <string>

#include "command.hpp"
#include "daemon_call.hpp"

namespace sealroom::cli {

// The report of `batch` (sealroom-report/1), fetched piece by piece.
Result<Json> fetch_report(wire::Client& client, const std::string& batch);

// Prints a report and gives its exit code: 3 when a request was refused, else 0.
int print_report(const Command& command, const Json& report);

// Sends the requests of `medium` and has them decided on. Value: import.run's answer.
Result<Json> import_medium(wire::Client& client, const std::string& medium, Json wish);

// Writes issued/BATCH onto `medium`. Value: the folder, and whether it was there already.
struct Exported {
  std::string folder;
  bool already_there = false;
};
Result<Exported> export_to(wire::Client& client, const std::string& batch, const std::string& medium, bool partial);

}  // namespace sealroom::cli
