#include <fmt/format.h>

#include "daemon_call.hpp"

namespace sealroom::cli {
namespace {

void tell(const Command& command, const Json& answer, const char* format, const char* how) {
  auto outcome = answer.at("outcome");
  if (command.output == Output::Json) {
    outcome["format"] = format;
    print(outcome);
    return;
  }
  const auto text_of = [&](const char* name) { return outcome.at(name).get<std::string>(); };
  say(fmt::format("the log's key is {} (entry {})", how, text_of("entry")));
  say(fmt::format("  was  {}", text_of("old_fingerprint")));
  say(fmt::format("  is   {}, on token {} ({})", text_of("fingerprint"), text_of("token"), text_of("token_serial")));
  say("write the new fingerprint into the record: verifiers need it (--log-key)");
}

}  // namespace

Result<int> audit_rotate_key(const Command& command) {
  Words words(command);
  auto read = words.read(command.words, 0, 0);
  if (!read) return pass_on(read);
  auto client = wire::Client::connect(command.home);
  if (!client) return pass_on(client);
  auto answer = call_job(*client, "audit.rotate-key", Json::object(), "generating the log's key");
  if (!answer) return pass_on(answer);
  tell(command, *answer, "sealroom-rotate-key/1", "rotated");
  return kDone;
}

Result<int> audit_replace_key(const Command& command) {
  namespace po = boost::program_options;
  Words words(command);
  PinSource source;
  words.options()("lost", "")("reason", po::value<std::string>())("pin-file", po::value(&source.file))(
      "pin-fd", po::value(&source.fd))("accept-final-try", po::bool_switch(&source.accept_final_try))(
      "confirm-time", po::value(&source.confirm_time));
  auto read = words.read(command.words, 0, 0);
  if (!read) return pass_on(read);
  if (!words.given("lost") || words.text("reason").empty()) {
    return fail(ErrorKind::Usage,
                "a key is replaced only when it is lost, and for a reason that the log keeps for ever",
                "while the old key can sign: sealroom audit rotate-key; else give --lost and --reason");
  }
  auto client = wire::Client::connect(command.home);
  if (!client) return pass_on(client);
  auto answer = call_with_pin(*client, "log", source, "audit.replace-key", {{"reason", words.text("reason")}});
  if (!answer) return pass_on(answer);
  if (!*answer) {
    return fail(ErrorKind::Usage, "the log's key is unlocked: it is not lost", "sealroom audit rotate-key");
  }
  tell(command, **answer, "sealroom-replace-key/1", "replaced, without the old one's signature");
  if (command.output == Output::People) say("now: sealroom unlock log");
  return kDone;
}

}  // namespace sealroom::cli
