#pragma once

#include <functional>
#include <string>

#include "command.hpp"
#include "sealroom/base/secret.hpp"
#include "sealroom/wire/client.hpp"

namespace sealroom::cli {

// Calls `method` as a job and waits for its result, showing progress on a terminal.
Result<Json> call_job(wire::Client& client, const std::string& method, const Json& parameters, const std::string& what);

// Calls `method` once and prints its answer: as JSON, or by `people`.
Result<int> show(const Command& command, const std::string& method, const Json& parameters,
                 const std::function<void(const Json&)>& people);

// Whether the daemon's status says that its ledger is sound; else the error (Integrity) that it gives for everything.
Result<Done> ledger_is_sound(const Json& status);

// Where PINs come from.
struct PinSource {
  std::string file;  // --pin-file
  int fd = -1;       // --pin-fd
  bool accept_final_try = false;
  std::string confirm_time;  // --confirm-time: what a clock that is not this machine's says
};

// Has a person confirm the time where the daemon doubts it, or where --confirm-time was given.
Result<Done> confirm_time(wire::Client& client, const Json& status, const PinSource& source);

// Unlocks the token of `owner`, with the time confirmed first. Without a source: the trial PIN of the home where there is one, else a prompt.
Result<Done> unlock_owner(wire::Client& client, const std::string& owner, const PinSource& source);

// A line asked for on the terminal, without echo for secrets. Error NeedsPerson when there is no terminal.
Result<Secret> ask_secret(const std::string& question);
Result<std::string> ask(const std::string& question);

}  // namespace sealroom::cli
