#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "command.hpp"
#include "sealroom/base/secret.hpp"
#include "sealroom/wire/client.hpp"

namespace sealroom::cli {

// Progress is a line on a terminal that is written over while something lasts; nothing where there is no terminal.
class Progress {
 public:
  explicit Progress(std::string what) : what_(std::move(what)) {}
  // Shows "what [done/total]", or without a total "what [done]", once this has lasted long enough to be worth it.
  void show(std::uint64_t done, std::uint64_t total);
  void end();  // wipes the line

 private:
  std::string what_;
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  bool shown_ = false;
};

// Calls `method` as a job and waits for its result, showing progress on a terminal.
Result<Json> call_job(wire::Client& client, const std::string& method, const Json& parameters, const std::string& what);

// Prints `answer`: as JSON, or by `people`.
Result<int> show_answer(const Command& command, const Json& answer, const std::function<void(const Json&)>& people);

// Calls `method` once and prints its answer in the same way.
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
  bool key_work = false;     // the token is needed for a decision about a key, whatever the state of the owner's own
};

// Has a person confirm the time where the daemon doubts it, or where --confirm-time was given.
Result<Done> confirm_time(wire::Client& client, const Json& status, const PinSource& source);

// Has the daemon compare the checkpoint in `file`, which was kept outside, with its log. Value: what it says, for people.
Result<std::string> trust_checkpoint(wire::Client& client, const std::string& file);

// Unlocks the token of `owner`, with the time confirmed first. Without a source: the trial PIN of the home where there is one, else a prompt.
// Value: the private keys on it that nobody has decided about.
Result<Json> unlock_owner(wire::Client& client, const std::string& owner, const PinSource& source);

// The same for any `method` that logs in to the owner's token; its answer, or nothing when the token is unlocked already.
Result<std::optional<Json>> call_with_pin(wire::Client& client, const std::string& owner, const PinSource& source,
                                          const std::string& method, Json parameters);

// A line asked for on the terminal, without echo for secrets. Error NeedsPerson when there is no terminal.
Result<Secret> ask_secret(const std::string& question);
Result<std::string> ask(const std::string& question);

}  // namespace sealroom::cli
