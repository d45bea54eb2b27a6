#pragma once

#include <functional>
#include <string>

#include "command.hpp"
#include "daemon_call.hpp"

namespace sealroom::cli {

// Prints the report of `batch` as it comes, page by page. Value: the exit code, 3 when a request was refused, else 0.
Result<int> print_report(const Command& command, wire::Client& client, const std::string& batch);

// Sends the requests of `medium` and has them decided on. Value: import.run's answer.
Result<Json> import_medium(wire::Client& client, const std::string& medium, Json wish);

// Writes issued/BATCH onto `medium`. While the medium does the last of it, syncing and reading back, `meanwhile` may use the
// client. Value: the folder, and whether it was there already.
struct Exported {
  std::string folder;
  bool already_there = false;
};
Result<Exported> export_to(
    wire::Client& client, const std::string& batch, const std::string& medium, bool partial,
    const std::function<void()>& meanwhile = [] {});

}  // namespace sealroom::cli
