#include <fmt/format.h>

#include "daemon_call.hpp"

namespace sealroom::cli {
namespace {

std::string text_of(const Json& json, const char* name) { return json.at(name).get<std::string>(); }

void tell(const Json& answer) {
  for (const auto& row : answer.at("burned")) {
    say(fmt::format("burned: serial {} of {} ({} in batch {}); a signature may exist: revoke it",
                    text_of(row, "serial"), text_of(row, "issuer"), text_of(row, "name"), text_of(row, "batch")));
  }
  for (const auto& key : answer.at("keys")) {
    if (text_of(key, "act") == "request") {
      say(fmt::format("closed: the request of {} was being signed; it will be made again", text_of(key, "owner")));
      continue;
    }
    say(
        fmt::format("closed: the key of {} was being generated; token {} may hold a pair labelled {} that the ledger "
                    "does not know: the next unlock lists it",
                    text_of(key, "owner"), text_of(key, "token_serial"), text_of(key, "label")));
  }
  for (const auto& batch : answer.at("planned")) {
    say(fmt::format("planned again: batch {}, {} of {} request(s) accepted  ->  sealroom sign {}",
                    text_of(batch, "batch"), batch.at("accepted").get<std::uint64_t>(),
                    batch.at("requests").get<std::uint64_t>(), text_of(batch, "batch")));
  }
  for (const auto& issuer : answer.at("ceremonies"))
    say(fmt::format("the certificate of issuer {} was not made: run its ceremony again", issuer.get<std::string>()));
  for (const auto& gap : answer.at("gaps")) {
    const auto serial = text_of(gap, "token_serial");
    const auto who = serial.empty() ? std::string("the checkpoint from outside")
                                    : fmt::format("the token of {} ({})", text_of(gap, "owner"), serial);
    say(fmt::format("accepted: {} has seen {} entries of a log that this ledger does not continue", who,
                    gap.at("size").get<std::uint64_t>()));
  }
  if (answer.at("burned").empty() && answer.at("keys").empty() && answer.at("gaps").empty())
    say("nothing is unaccounted for");
}

Result<int> correct_clock(const Command& command, wire::Client& client) {
  auto answer = call_job(client, "clock.correct", Json::object(), "reading the log");
  if (!answer) return pass_on(answer);
  return show_answer(command, *answer, [](const Json& corrected) {
    say(fmt::format("the log was dated as far as {}: {} entries from {} on have a time that had not come",
                    text_of(corrected, "newest"), corrected.at("entries").get<std::uint64_t>(),
                    corrected.at("first_entry").get<std::uint64_t>()));
    for (const auto& row : corrected.at("certificates")) {
      say(fmt::format("  certificate {} of {}, valid from {} until {}", text_of(row, "serial"), text_of(row, "issuer"),
                      text_of(row, "not_before"), text_of(row, "not_after")));
    }
    say("confirm the time at the next unlock, and decide about each of them");
  });
}

}  // namespace

Result<int> recover(const Command& command) {
  Words words(command);
  words.options()("accept-gap", "")("correct-clock", "");
  auto read = words.read(command.words, 0, 0);
  if (!read) return pass_on(read);
  auto client = wire::Client::connect(command.home);
  if (!client) return pass_on(client);
  if (words.given("correct-clock")) return correct_clock(command, *client);
  auto answer = call_job(*client, "recover", {{"accept_gap", words.given("accept-gap")}}, "recovering");
  if (!answer) return pass_on(answer);
  return show_answer(command, *answer, tell);
}

}  // namespace sealroom::cli
