#include <iostream>
#include <map>

#include <fmt/format.h>

#include "daemon_call.hpp"
#include "sealroom/base/text.hpp"
#include "sealroom/crypto/crypto.hpp"
#include "sealroom/log/entry.hpp"

namespace sealroom::cli {
namespace {

void show_entry(const std::string& line) {
  auto entry = log::parse_line(line);
  if (!entry) {
    say("unreadable: " + printable(line));
    return;
  }
  say(fmt::format("{:>6}  {}  {:<24} {:<8} {} (uid {})  {}", entry->seq, to_rfc3339(entry->context.time),
                  entry->event.name, entry->event.outcome, entry->context.actor.role, entry->context.actor.uid,
                  entry->event.details.dump()));
}

// Calls `visit` with every line from `from` to before `to`, of one batch or of all.
Result<Done> each_line(wire::Client& client, Json parameters, const std::function<void(const std::string&)>& visit) {
  for (bool more = true; more;) {
    auto answer = client.call("audit.lines", parameters);
    if (!answer) return pass_on(answer);
    for (const auto& line : answer->at("lines")) visit(line.get<std::string>());
    parameters["from"] = answer->at("next");
    more = answer->at("more").get<bool>();
  }
  return Done{};
}

}  // namespace

Result<int> audit_show(const Command& command) {
  namespace po = boost::program_options;
  Words words(command);
  std::uint64_t from = 0;
  words.options()("batch", po::value<std::string>())("from", po::value(&from));
  auto read = words.read(command.words, 0, 0);
  if (!read) return pass_on(read);
  auto client = wire::Client::connect(command.home);
  if (!client) return pass_on(client);
  auto shown = each_line(*client, {{"from", from}, {"batch", words.text("batch")}}, [&](const std::string& line) {
    if (command.output == Output::Json) {
      say(line);  // the exact octets, one entry a line
    } else {
      show_entry(line);
    }
  });
  if (!shown) return pass_on(shown);
  return kDone;
}

Result<int> audit_prove(const Command& command) {
  namespace po = boost::program_options;
  Words words(command);
  std::map<std::string, std::uint64_t> numbers;
  for (const auto* option : {"entry", "from", "to"}) words.options()(option, po::value(&numbers[option]));
  auto read = words.read(command.words, 0, 0);
  if (!read) return pass_on(read);
  Json parameters = Json::object();
  for (const auto& [option, number] : numbers) {
    if (words.given(option.c_str())) parameters[option] = number;
  }
  return show(command, "audit.prove", parameters, [](const Json& answer) {
    const auto proof = from_base64(answer.at("proof").get<std::string>());
    if (proof) std::cout << as_text(*proof);  // the exact octets, which are what somebody verifies
  });
}

Result<int> audit_verify(const Command& command) {
  Words words(command);
  words.options()("trust-checkpoint", boost::program_options::value<std::string>());
  auto read = words.read(command.words, 0, 0);
  if (!read) return pass_on(read);
  auto client = wire::Client::connect(command.home);
  if (!client) return pass_on(client);
  if (words.given("trust-checkpoint")) {
    auto trusted = trust_checkpoint(*client, words.text("trust-checkpoint"));
    if (!trusted) return pass_on(trusted);
    if (command.output == Output::People) say(*trusted);
  }
  auto answer = call_job(*client, "audit.verify", Json::object(), "verifying the ledger");
  if (!answer) return pass_on(answer);
  return show_answer(command, *answer, [](const Json& verified) {
    say(fmt::format("{} entries: hashes, links and tree are right; root {}", verified.at("size").get<std::uint64_t>(),
                    verified.at("root").get<std::string>()));
    const auto covered = verified.at("checkpoint_size").get<std::uint64_t>();
    say(covered == 0 ? "there is no checkpoint yet"
                     : fmt::format("the newest checkpoint covers {} of them and its signature verifies", covered));
  });
}

}  // namespace sealroom::cli
