#include <algorithm>

#include <fmt/format.h>

#include "daemon_call.hpp"
#include "sealroom/base/text.hpp"

// Decisions about private keys on tokens.
namespace sealroom::cli {
namespace {

std::string text_of(const Json& json, const char* name) { return json.at(name).get<std::string>(); }

std::string standing_of(const Json& key) {
  const auto standing = text_of(key, "standing");
  if (standing == "bound") return "key of " + text_of(key, "owner");
  if (standing == "former") return "earlier key of " + text_of(key, "owner");
  return standing == "foreign" ? "foreign" : "UNKNOWN";
}

void tell(const Json& key) {
  const auto digest = text_of(key, "public_key_sha256");
  say(fmt::format("  \"{}\", {}, {}", text_of(key, "label"), text_of(key, "algorithm"), standing_of(key)));
  say("    id " + text_of(key, "key_id"));
  say("    public key SHA-256 " + (digest.empty() ? "not told by the token" : digest));
}

struct Decision {
  const char* method;
  const char* doing;
  const char* done;
  bool key_needed;
  bool reason_needed;
};

// A person has to look at the key before its last digits mean anything.
Result<std::string> ask_digits(wire::Client& client, const std::string& owner) {
  auto list = client.call("key.list");
  if (!list) return pass_on(list);
  for (const auto& token : list->at("tokens")) {
    if (token.at("owner") != owner) continue;
    say(fmt::format("token {} ({})", text_of(token, "token_label"), text_of(token, "token_serial")));
    for (const auto& key : token.at("keys")) tell(key);
  }
  return ask("the last eight digits of that key's SHA-256 (of its id, where there is none)");
}

Result<bool> is_unlocked(wire::Client& client, const std::string& owner) {
  auto list = client.call("key.list");
  if (!list) return pass_on(list);
  return std::ranges::any_of(list->at("tokens"), [&](const Json& token) {
    return token.at("owner") == owner && token.at("unlocked").get<bool>();
  });
}

Result<Json> put_through(wire::Client& client, const Decision& decision, Json parameters) {
  auto answer = call_job(client, decision.method, parameters, decision.doing);
  const bool asked = parameters.at("confirmed").get_ref<const std::string&>().empty();
  if (answer || answer.error().kind != ErrorKind::NeedsPerson || !asked) return answer;
  auto typed = ask_digits(client, text_of(parameters, "owner"));
  if (!typed) return answer;
  parameters["confirmed"] = *typed;
  return call_job(client, decision.method, parameters, decision.doing);
}

Result<int> decide(const Command& command, const Decision& decision) {
  namespace po = boost::program_options;
  Words words(command);
  PinSource source;
  source.key_work = true;
  words.options()("reason", po::value<std::string>())("confirm", po::value<std::string>())(
      "pin-file", po::value(&source.file))("pin-fd", po::value(&source.fd))(
      "accept-final-try", po::bool_switch(&source.accept_final_try))("confirm-time", po::value(&source.confirm_time));
  auto read = words.read(command.words, decision.key_needed ? 2 : 1, 2);
  if (!read) return pass_on(read);
  if (words.given("reason") != decision.reason_needed)
    return fail(ErrorKind::Usage, decision.reason_needed ? "--reason is missing" : "--reason has no place here",
                fmt::format("usage: sealroom {}", command.usage));
  const auto owner = words.plain()[0];
  auto client = wire::Client::connect(command.home);
  if (!client) return pass_on(client);
  auto before = is_unlocked(*client, owner);
  if (!before) return pass_on(before);
  auto unlocked = unlock_owner(*client, owner, source);
  if (!unlocked) return pass_on(unlocked);

  Json parameters{{"owner", owner}, {"confirmed", words.text("confirm")}};
  if (words.plain().size() == 2) parameters["key"] = words.plain()[1];
  if (decision.reason_needed) parameters["reason"] = words.text("reason");
  auto answer = put_through(*client, decision, parameters);
  if (!*before) {
    auto locked = client->call("lock", {{"owner", owner}});
    if (answer && !locked) return pass_on(locked);
  }
  if (!answer) return pass_on(answer);
  if (command.output == Output::Json) {
    (*answer)["format"] = "sealroom-key/1";
    print(*answer);
    return kDone;
  }
  const auto& outcome = answer->at("outcome");
  say(fmt::format("{}: key {} on token {} {}", owner, text_of(outcome, "key_id"), text_of(outcome, "token_serial"),
                  answer->at("repeated").get<bool>() ? "is in use already" : decision.done));
  return kDone;
}

}  // namespace

Result<int> key_list(const Command& command) {
  Words words(command);
  auto read = words.read(command.words, 0, 0);
  if (!read) return pass_on(read);
  return show(command, "key.list", Json::object(), [](const Json& answer) {
    for (const auto& token : answer.at("tokens")) {
      if (!token.at("unlocked").get<bool>()) {
        say(fmt::format("{}: its token is locked", text_of(token, "owner")));
        continue;
      }
      say(fmt::format("{}: token {} ({})", text_of(token, "owner"), text_of(token, "token_label"),
                      text_of(token, "token_serial")));
      for (const auto& key : token.at("keys")) tell(key);
    }
  });
}

Result<int> key_adopt(const Command& command) {
  return decide(command, {.method = "key.adopt",
                          .doing = "examining the key",
                          .done = "is adopted",
                          .key_needed = false,
                          .reason_needed = true});
}

Result<int> key_destroy(const Command& command) {
  return decide(command, {.method = "key.destroy",
                          .doing = "destroying the key",
                          .done = "is destroyed",
                          .key_needed = true,
                          .reason_needed = false});
}

Result<int> key_foreign(const Command& command) {
  return decide(command, {.method = "key.foreign",
                          .doing = "writing it down",
                          .done = "is left alone",
                          .key_needed = true,
                          .reason_needed = true});
}

}  // namespace sealroom::cli
