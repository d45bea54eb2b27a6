#include <algorithm>

#include <fmt/format.h>

#include "daemon_call.hpp"
#include "sealroom/base/text.hpp"
#include "sealroom/base/time.hpp"

namespace sealroom::cli {
namespace {

std::string text_of(const Json& json, const char* name) { return json.value(name, std::string()); }

std::string key_line(const Json& key) {
  std::string line = fmt::format("  {:<14}", text_of(key, "owner"));
  if (!key.at("present").get<bool>()) return line + "token not present";
  const auto& token = key.at("token");
  line += fmt::format("token {} ({}), {}", text_of(token, "label"), text_of(token, "serial"),
                      key.at("unlocked").get<bool>() ? "unlocked" : "locked");
  if (token.at("pin_final_try").get<bool>()) line += ", PIN: FINAL TRY";
  if (token.at("pin_locked").get<bool>()) line += ", PIN LOCKED";
  line += key.contains("key") ? ", key " + text_of(key.at("key"), "algorithm") : ", no key";
  return line + ", ledger " + text_of(key, "compared");
}

std::string issuer_line(const Json& issuer) {
  std::string line = fmt::format("  {:<14}{}", text_of(issuer, "issuer"), text_of(issuer, "state"));
  const auto& chain = issuer.at("chain");
  if (!chain.empty())
    line += fmt::format(", {}, until {}", text_of(chain[0], "subject"), text_of(chain[0], "not_after"));
  return line;
}

std::string log_line(const Json& log) {
  return fmt::format("log {}: {} entries, checkpoint at {}", text_of(log, "origin"),
                     log.at("size").get<std::uint64_t>(), log.at("checkpoint_size").get<std::uint64_t>());
}

// How long ago `then` was, for people: days when it is that many, hours otherwise.
std::string age(const Json& status, const std::string& then) {
  const auto now = from_rfc3339(text_of(status, "time"));
  const auto moment = from_rfc3339(then);
  if (!now || !moment) return then;
  const auto hours = std::chrono::floor<std::chrono::hours>(*now - *moment).count();
  return hours < 48 ? fmt::format("{} h ago", hours) : fmt::format("{} days ago", hours / 24);
}

std::string verification_line(const Json& status) {
  if (!status.contains("verified")) return "log verified: never (sealroom audit verify)";
  const auto& verified = status.at("verified");
  return fmt::format("log verified: {}, {} entries{}", age(status, text_of(verified, "time")),
                     verified.at("size").get<std::uint64_t>(),
                     text_of(verified, "trouble").empty() ? "" : ", FOUND WRONG");
}

std::string backup_line(const Json& status) {
  const auto& backup = status.at("backup");
  return "last backup: " + (backup.is_null() ? "never (sealroom backup)" : age(status, text_of(backup, "time")));
}

std::vector<std::string> owners_of(const Json& status) {
  std::vector<std::string> owners;
  for (const auto& key : status.at("keys")) owners.push_back(text_of(key, "owner"));
  return owners;
}

void tell(const Json& status) {
  say(fmt::format("sealroomd {} at {}, {}", text_of(status, "version"), text_of(status, "home"),
                  text_of(status, "time")));
  say(fmt::format("module {} ({})", text_of(status.at("module"), "path"), text_of(status.at("module"), "description")));
  say("keys");
  for (const auto& key : status.at("keys")) say(key_line(key));
  say("issuers");
  for (const auto& issuer : status.at("issuers")) say(issuer_line(issuer));
  if (status.contains("log")) {
    say(log_line(status.at("log")));
    say(verification_line(status));
  }
  say(backup_line(status));
  if (status.at("attention").empty()) say("nothing waits for a person");
  for (const auto& item : status.at("attention"))
    say(fmt::format("WAITS: {}  ->  {}", text_of(item, "what"), text_of(item, "do")));
}

}  // namespace

Result<int> status(const Command& command) {
  Words words(command);
  auto read = words.read(command.words, 0, 0);
  if (!read) return pass_on(read);
  auto client = wire::Client::connect(command.home);
  if (!client) return pass_on(client);
  auto status = client->call("status");
  if (!status) return pass_on(status);
  if (command.output == Output::Json) {
    print(*status);
  } else {
    tell(*status);
  }
  const bool sound = text_of(*status, "integrity").empty() && status->at("gaps").get<std::size_t>() == 0;
  return sound ? kDone : static_cast<int>(ErrorKind::Integrity);
}

Result<int> unlock(const Command& command) {
  namespace po = boost::program_options;
  Words words(command);
  PinSource source;
  words.options()("trust-checkpoint", po::value<std::string>());
  words.options()("all", "")("pin-file", po::value(&source.file))("pin-fd", po::value(&source.fd))(
      "accept-final-try", po::bool_switch(&source.accept_final_try))("confirm-time", po::value(&source.confirm_time));
  auto read = words.read(command.words, 0, 64);
  if (!read) return pass_on(read);
  if (words.plain().empty() != words.given("all")) {
    return fail(ErrorKind::Usage, "say which tokens to unlock: names, or --all",
                "sealroom unlock root, sealroom unlock --all");
  }
  auto client = wire::Client::connect(command.home);
  if (!client) return pass_on(client);
  auto status = client->call("status");
  if (!status) return pass_on(status);
  auto sound = ledger_is_sound(*status);
  if (!sound) return pass_on(sound);
  const auto known = owners_of(*status);
  for (const auto& owner : words.plain()) {  // before the first token is opened
    if (std::ranges::find(known, owner) != known.end()) continue;
    return fail(ErrorKind::Usage, fmt::format("there is no issuer \"{}\", so nothing was unlocked", printable(owner)),
                "see `sealroom issuer list`; the log's token is \"log\"");
  }
  auto confirmed = confirm_time(*client, *status, source);
  if (!confirmed) return pass_on(confirmed);
  source.confirm_time.clear();  // once is enough
  if (words.given("trust-checkpoint")) {
    auto trusted = trust_checkpoint(*client, words.text("trust-checkpoint"));
    if (!trusted) return pass_on(trusted);
    if (command.output == Output::People) say(*trusted);
  }
  const auto owners = words.plain().empty() ? known : words.plain();
  if (owners.size() > 1 && source.fd >= 0)
    return fail(ErrorKind::Usage, "--pin-fd holds the PIN of one token", "unlock the tokens one by one");
  Json unknown = Json::object();
  for (const auto& owner : owners) {
    auto unlocked = unlock_owner(*client, owner, source);
    if (!unlocked) return pass_on(unlocked);
    if (!unlocked->empty()) unknown[owner] = *unlocked;
    if (command.output == Output::Json) continue;
    say(fmt::format("{} is unlocked", printable(owner)));
    for (const auto& key : *unlocked) {
      say(
          fmt::format("UNKNOWN KEY: \"{}\", {}, id {}: nobody has decided about it, so this token signs nothing  ->  "
                      "sealroom key list",
                      text_of(key, "label"), text_of(key, "algorithm"), text_of(key, "key_id")));
    }
  }
  if (command.output == Output::Json)
    print({{"format", "sealroom-unlock/1"}, {"unlocked", owners}, {"unknown_keys", std::move(unknown)}});
  return kDone;
}

Result<int> lock(const Command& command) {
  Words words(command);
  auto read = words.read(command.words, 0, 64);
  if (!read) return pass_on(read);
  auto client = wire::Client::connect(command.home);
  if (!client) return pass_on(client);
  Json locked = Json::array();
  for (const auto& owner : words.plain().empty() ? std::vector<std::string>{""} : words.plain()) {
    auto answer = client->call("lock", owner.empty() ? Json::object() : Json{{"owner", owner}});
    if (!answer) return pass_on(answer);
    for (const auto& name : answer->at("locked")) locked.push_back(name);
  }
  if (command.output == Output::Json) {
    print({{"format", "sealroom-lock/1"}, {"locked", locked}});
  } else {
    for (const auto& name : locked) say(fmt::format("{} is locked", name.get<std::string>()));
    if (locked.empty()) say("nothing was unlocked");
  }
  return kDone;
}

}  // namespace sealroom::cli
