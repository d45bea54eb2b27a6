#include <filesystem>

#include <fmt/format.h>

#include "batches.hpp"
#include "sealroom/base/file.hpp"
#include "sealroom/base/text.hpp"
#include "sealroom/base/time.hpp"
#include "sealroom/ceremony/script.hpp"
#include "sealroom/crypto/crypto.hpp"

namespace sealroom::cli {
namespace {

constexpr std::size_t kLargestScript = 64 * 1024;

struct ReadScript {
  Script script;
  std::string sha256;
};

Result<ReadScript> read_script(const std::string& path) {
  auto octets = read_file(path, kLargestScript);
  if (!octets) return fail(ErrorKind::Usage, octets.error().message);
  auto script = Script::parse(printable(path), as_text(*octets));
  if (!script) return pass_on(script);
  return ReadScript{std::move(*script), to_hex(sha256(*octets))};
}

// One ceremony being performed: what each step needs of the ones before it.
class Performance {
 public:
  Performance(wire::Client& client, const PinSource& pins, std::string medium)
      : client_(client), pins_(pins), medium_(std::move(medium)) {}

  Result<Outcome> perform(const Step& step) {
    return std::visit([this](const auto& act) { return this->act(act); }, step.act);
  }

 private:
  Result<Outcome> act(const GenerateLogKey& step) { return make_key("log", step.algorithm); }
  Result<Outcome> act(const GenerateKey& step) { return make_key(step.issuer, step.algorithm); }

  Result<Outcome> act(const SelfSign& step) {
    return with_keys({"log", step.issuer}, "ceremony.self-sign",
                     {{"issuer", step.issuer}, {"profile", step.profile}, {"days", step.days}});
  }

  Result<Outcome> act(const RequestCertificate& step) {
    auto open = unlock({step.issuer});
    if (!open) return pass_on(open);
    auto answer = client_.call("issuer.request", {{"issuer", step.issuer}});
    if (!answer) return pass_on(answer);
    return Outcome{{"request_sha256", answer->at("sha256")}};
  }

  Result<Outcome> act(const IssueCertificate& step) {
    return with_keys(
        {"log", step.issuer}, "ceremony.issue",
        {{"issuer", step.issuer}, {"subject", step.subject}, {"profile", step.profile}, {"days", step.days}});
  }

  Result<Outcome> act(const InstallChain& step) {
    auto answer = client_.call("issuer.install", {{"issuer", step.issuer}});
    if (!answer) return pass_on(answer);
    return outcome_of(*answer);
  }

  // Everything that this ceremony issued leaves; batches of an earlier run of the same script too.
  Result<Outcome> act(const ExportResults&) {
    auto open = unlock({"log"});
    if (!open) return pass_on(open);
    Outcome outcome;
    for (const auto& batch : batches_) {
      auto exported = export_to(client_, batch, medium_, false);
      if (!exported) return pass_on(exported);
      outcome.emplace_back(batch, printable(exported->folder));
    }
    return outcome;
  }

  Result<Outcome> make_key(const std::string& owner, const std::string& algorithm) {
    return with_keys({owner}, "ceremony.generate-key", {{"owner", owner}, {"algorithm", algorithm}});
  }

  Result<Done> unlock(const std::vector<std::string>& owners) {
    for (const auto& owner : owners) {
      auto open = unlock_owner(client_, owner, pins_);
      if (!open) return pass_on(open);
    }
    return Done{};
  }

  Result<Outcome> with_keys(const std::vector<std::string>& owners, const std::string& method, const Json& parameters) {
    auto open = unlock(owners);
    if (!open) return pass_on(open);
    auto answer = call_job(client_, method, parameters, "working");
    if (!answer) return pass_on(answer);
    return outcome_of(*answer);
  }

  Outcome outcome_of(const Json& answer) {
    Outcome outcome;
    if (answer.at("repeated").get<bool>()) outcome.emplace_back("repeated", "no, it was done before");
    for (const auto& [name, value] : answer.at("outcome").items()) {
      const auto text = value.get<std::string>();
      if (name == "batch" && !text.empty()) batches_.push_back(text);
      if (!text.empty()) outcome.emplace_back(name, text);
    }
    return outcome;
  }

  wire::Client& client_;
  const PinSource& pins_;
  std::string medium_;
  std::vector<std::string> batches_;
};

// "20261121T100000Z": a time in a name that every file system takes.
std::string name_of(Instant moment) {
  auto text = to_rfc3339(moment);
  std::erase_if(text, [](char c) { return c == '-' || c == ':'; });
  return text;
}

// Where results and transcript go when no medium is named: a folder of this performance in the home.
Result<std::string> default_medium(const std::string& home, const std::string& name, Instant now) {
  const auto folder = fmt::format("{}/ceremonies/{}-{}", home, name, name_of(now));
  std::error_code trouble;
  std::filesystem::create_directories(folder, trouble);
  if (trouble) {
    return fail(ErrorKind::Usage, fmt::format("{}: cannot be made: {}", printable(folder), trouble.message()),
                "name a medium with --medium DIR");
  }
  return folder;
}

// A folder that is not there would be noticed at the step that writes to it, when the keys are made.
Result<std::string> given_medium(std::string folder) {
  std::error_code trouble;
  if (std::filesystem::is_directory(folder, trouble)) return folder;
  return fail(ErrorKind::Usage, fmt::format("{}: is not a folder that is there; nothing was done", printable(folder)),
              "mount the medium, or make the folder");
}

Result<std::string> write_transcript(const Script& transcript, const std::string& medium, Instant now) {
  const auto stem = fmt::format("{}/{}-{}", medium, transcript.name, name_of(now));
  auto path = stem + ".transcript.yaml";
  std::error_code trouble;
  for (int run = 2; std::filesystem::exists(std::filesystem::symlink_status(path, trouble)); ++run) {
    path = fmt::format("{}-{}.transcript.yaml", stem, run);  // two runs within one second
  }
  auto written = write_new_file(path, as_bytes(transcript.to_yaml()), 0444);
  if (!written) return pass_on(written);
  return path;
}

Json json_of(const Script& script) {
  Json steps = Json::array();
  for (const auto& step : script.steps) {
    Json json{{"line", step.line}, {"does", describe(step)}, {"say", step.say}};
    if (step.done) {
      json["done"] = Json::object();
      for (const auto& [name, value] : *step.done) json["done"][name] = value;
    }
    steps.push_back(std::move(json));
  }
  return {
      {"format", "sealroom-ceremony/1"}, {"name", script.name}, {"title", script.title}, {"steps", std::move(steps)}};
}

// Every issuer that the script names exists, before the first step is done.
Result<Done> check_issuers(wire::Client& client, const Script& script) {
  auto known = client.call("issuer.list");
  if (!known) return pass_on(known);
  const auto check = [&](const std::string& name, const Step& step) -> Result<Done> {
    for (const auto& issuer : known->at("issuers")) {
      if (issuer.at("issuer") == name) return Done{};
    }
    return fail(ErrorKind::Usage,
                fmt::format("{}: line {}: this appliance has no issuer \"{}\"", script.name, step.line, name),
                "see `sealroom issuer list`");
  };
  for (const auto& step : script.steps) {
    Result<Done> right = std::visit(
        [&](const auto& act) -> Result<Done> {
          if constexpr (requires { act.issuer; }) return check(act.issuer, step);
          return Done{};
        },
        step.act);
    if (const auto* issue = std::get_if<IssueCertificate>(&step.act); issue != nullptr && right)
      right = check(issue->subject, step);
    if (!right) return right;
  }
  return Done{};
}

Result<Done> perform_all(Performance& performance, Script& script, const Command& command) {
  for (std::size_t i = 0; i < script.steps.size(); ++i) {
    auto& step = script.steps[i];
    if (command.output == Output::People) {
      say(fmt::format("\nstep {} of {}: {}", i + 1, script.steps.size(), describe(step)));
      if (!step.say.empty()) say(fmt::format("  \"{}\"", step.say));
    }
    auto outcome = performance.perform(step);
    if (!outcome)
      return pass_on(outcome, fmt::format("step {} of {} (line {})", i + 1, script.steps.size(), step.line));
    if (command.output == Output::People) {
      for (const auto& [name, value] : *outcome) say(fmt::format("  {:<16}{}", name, value));
    }
    step.done = std::move(*outcome);
  }
  return Done{};
}

}  // namespace

Result<int> ceremony_check(const Command& command) {
  Words words(command);
  auto read = words.read(command.words, 1, 1);
  if (!read) return pass_on(read);
  auto checked = read_script(words.plain()[0]);
  if (!checked) return pass_on(checked);
  if (command.output == Output::Json) {
    auto json = json_of(checked->script);
    json["sha256"] = checked->sha256;
    print(json);
    return kDone;
  }
  say(fmt::format("{}: {}", checked->script.name, checked->script.title));
  say(fmt::format("SHA-256 {}", checked->sha256));
  for (std::size_t i = 0; i < checked->script.steps.size(); ++i)
    say(fmt::format("{:>3}. {}", i + 1, describe(checked->script.steps[i])));
  return kDone;
}

Result<int> ceremony_run(const Command& command) {
  namespace po = boost::program_options;
  Words words(command);
  PinSource pins;
  words.options()("medium", po::value<std::string>())("pin-file", po::value(&pins.file))("pin-fd", po::value(&pins.fd));
  auto read = words.read(command.words, 1, 1);
  if (!read) return pass_on(read);
  auto checked = read_script(words.plain()[0]);
  if (!checked) return pass_on(checked);
  auto client = wire::Client::connect(command.home);
  if (!client) return pass_on(client);

  auto& script = checked->script;
  auto possible = check_issuers(*client, script);
  if (!possible) return pass_on(possible);
  const auto now = SystemClock().now();
  auto medium = words.given("medium") ? given_medium(words.text("medium"))
                                      : default_medium(client->hello().at("home"), script.name, now);
  if (!medium) return pass_on(medium);
  script.performed =
      Outcome{{"began", to_rfc3339(now)}, {"software", SEALROOM_VERSION}, {"script_sha256", checked->sha256}};
  Performance performance(*client, pins, *medium);
  auto performed = perform_all(performance, script, command);
  script.performed->emplace_back("ended", to_rfc3339(SystemClock().now()));
  script.performed->emplace_back("outcome", performed ? "complete" : printable(performed.error().message));
  auto transcript = write_transcript(script, *medium, now);
  if (!performed) return pass_on(performed, script.name);
  if (!transcript) return pass_on(transcript);
  if (command.output == Output::Json) {
    auto json = json_of(script);
    json["transcript"] = printable(*transcript);
    json["medium"] = printable(*medium);
    print(json);
  } else {
    say(fmt::format("\nthe ceremony is complete; its transcript is {}", printable(*transcript)));
  }
  return kDone;
}

}  // namespace sealroom::cli
