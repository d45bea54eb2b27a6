#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <utility>

#include "sealroom/base/text.hpp"
#include "sealroom/ceremony/script.hpp"
#include "sealroom/policy/configuration.hpp"
#include "sealroom/policy/strict_yaml.hpp"
#include "step_names.hpp"

namespace sealroom {
namespace {

constexpr int kMaximumDays = 36'525;  // a hundred years
constexpr auto kKeyAlgorithms =
    std::to_array<std::string_view>({"rsa-2048", "rsa-3072", "rsa-4096", "ec-p256", "ec-p384"});
// Checkpoints are signed by ECDSA over P-256 (docs/formats.md).
constexpr auto kLogKeyAlgorithms = std::to_array<std::string_view>({"ec-p256"});

Result<std::string> text_member(const YamlValue& value, std::string_view what, std::string_view key) {
  auto member = value.member(what, key);
  if (!member) return pass_on(member);
  auto text = (*member)->text(key);
  if (text && text->empty()) return (*member)->wrong(fmt::format("{} is empty", key));
  return text;
}

Result<std::string> name_member(const YamlValue& value, std::string_view what, std::string_view key) {
  auto name = text_member(value, what, key);
  if (name && !is_plain_name(*name)) {
    return value.find(key)->wrong(fmt::format("{} is \"{}\", which cannot be a name", key, printable(*name)),
                                  "1 to 40 letters, digits, \"_\" and \"-\", not beginning with \"-\"");
  }
  return name;
}

Result<std::string> algorithm_member(const YamlValue& value, std::string_view what,
                                     std::span<const std::string_view> known) {
  auto algorithm = text_member(value, what, "algorithm");
  if (algorithm && std::ranges::find(known, *algorithm) == known.end()) {
    std::string names;
    for (const auto name : known) names += (names.empty() ? "" : ", ") + std::string(name);
    return value.find("algorithm")->wrong(fmt::format("{} cannot use {}", what, printable(*algorithm)),
                                          "known: " + names);
  }
  return algorithm;
}

Result<int> days_member(const YamlValue& value, std::string_view what) {
  auto member = value.member(what, "days");
  if (!member) return pass_on(member);
  auto days = (*member)->number("days", 1, kMaximumDays);
  if (!days) return pass_on(days);
  return static_cast<int>(*days);
}

Result<Act> read_log_key(const YamlValue& value) {
  if (auto keys = value.mapping_of(kGenerateLogKey, {"algorithm"}); !keys) return pass_on(keys);
  auto algorithm = algorithm_member(value, kGenerateLogKey, kLogKeyAlgorithms);
  if (!algorithm) return pass_on(algorithm);
  return Act(GenerateLogKey{std::move(*algorithm)});
}

Result<Act> read_key(const YamlValue& value) {
  if (auto keys = value.mapping_of(kGenerateKey, {"issuer", "algorithm"}); !keys) return pass_on(keys);
  auto issuer = name_member(value, kGenerateKey, "issuer");
  if (!issuer) return pass_on(issuer);
  auto algorithm = algorithm_member(value, kGenerateKey, kKeyAlgorithms);
  if (!algorithm) return pass_on(algorithm);
  return Act(GenerateKey{std::move(*issuer), std::move(*algorithm)});
}

Result<Act> read_self_sign(const YamlValue& value) {
  if (auto keys = value.mapping_of(kSelfSign, {"issuer", "profile", "days"}); !keys) return pass_on(keys);
  auto issuer = name_member(value, kSelfSign, "issuer");
  if (!issuer) return pass_on(issuer);
  auto profile = name_member(value, kSelfSign, "profile");
  if (!profile) return pass_on(profile);
  auto days = days_member(value, kSelfSign);
  if (!days) return pass_on(days);
  return Act(SelfSign{std::move(*issuer), std::move(*profile), *days});
}

Result<Act> read_request(const YamlValue& value) {
  if (auto keys = value.mapping_of(kRequest, {"issuer"}); !keys) return pass_on(keys);
  auto issuer = name_member(value, kRequest, "issuer");
  if (!issuer) return pass_on(issuer);
  return Act(RequestCertificate{std::move(*issuer)});
}

Result<Act> read_issue(const YamlValue& value) {
  if (auto keys = value.mapping_of(kIssue, {"issuer", "subject", "profile", "days"}); !keys) return pass_on(keys);
  auto issuer = name_member(value, kIssue, "issuer");
  if (!issuer) return pass_on(issuer);
  auto subject = name_member(value, kIssue, "subject");
  if (!subject) return pass_on(subject);
  if (*issuer == *subject) return value.wrong("issue: issuer and subject are the same", "self-sign makes that");
  auto profile = name_member(value, kIssue, "profile");
  if (!profile) return pass_on(profile);
  auto days = days_member(value, kIssue);
  if (!days) return pass_on(days);
  return Act(IssueCertificate{std::move(*issuer), std::move(*subject), std::move(*profile), *days});
}

Result<Act> read_install(const YamlValue& value) {
  if (auto keys = value.mapping_of(kInstall, {"issuer"}); !keys) return pass_on(keys);
  auto issuer = name_member(value, kInstall, "issuer");
  if (!issuer) return pass_on(issuer);
  return Act(InstallChain{std::move(*issuer)});
}

Result<Act> read_export(const YamlValue& value) {
  if (auto keys = value.mapping_of(kExport, {}); !keys) return pass_on(keys);
  return Act(ExportResults{});
}

struct ActReader {
  std::string_view name;
  Result<Act> (*read)(const YamlValue&);
};

constexpr std::array<ActReader, 7> kActs = {{{kGenerateLogKey, read_log_key},
                                             {kGenerateKey, read_key},
                                             {kSelfSign, read_self_sign},
                                             {kRequest, read_request},
                                             {kIssue, read_issue},
                                             {kInstall, read_install},
                                             {kExport, read_export}}};

Result<Outcome> read_outcome(const YamlValue& value, std::string_view what) {
  if (auto shape = value.mapping(what); !shape) return pass_on(shape);
  Outcome outcome;
  for (const auto& [name, member] : value.members()) {
    if (!is_plain_name(name)) return member.wrong(fmt::format("{} cannot be a name in {}", printable(name), what));
    auto text = member.text(name);
    if (!text) return pass_on(text);
    outcome.emplace_back(name, std::move(*text));
  }
  return outcome;
}

Result<Step> read_step(const YamlValue& value) {
  if (auto shape = value.mapping("step"); !shape) return pass_on(shape);
  Step step;
  step.line = value.line();
  const YamlValue::Member* act = nullptr;
  for (const auto& member : value.members()) {
    if (member.key == "say" || member.key == "done") continue;
    if (std::ranges::find(kActs, member.key, &ActReader::name) == kActs.end()) {
      std::string names;
      for (const auto& known : kActs) names += (names.empty() ? "" : ", ") + std::string(known.name);
      return member.value.wrong(fmt::format("unknown step {}", printable(member.key)), "known are " + names);
    }
    if (act != nullptr) return member.value.wrong(fmt::format("one step does both {} and {}", act->key, member.key));
    act = &member;
  }
  if (act == nullptr) return value.wrong("step does nothing");
  auto read = std::ranges::find(kActs, act->key, &ActReader::name)->read(act->value);
  if (!read) return pass_on(read);
  step.act = std::move(*read);
  auto say = text_member(value, act->key, "say");
  if (!say) return pass_on(say);
  step.say = std::move(*say);
  if (const YamlValue* done = value.find("done")) {
    auto outcome = read_outcome(*done, "done");
    if (!outcome) return pass_on(outcome);
    step.done = std::move(*outcome);
  }
  return step;
}

// What a step makes and what it needs, where the script itself makes that. What the script does not make, an earlier
// ceremony may have made.
struct Dependencies {
  std::string makes;
  std::vector<std::string> needs;
};

Dependencies dependencies_of(const Act& act) {
  const auto step = [](std::string_view name, const std::string& issuer) { return fmt::format("{} {}", name, issuer); };
  struct Visitor {
    decltype(step)& label;
    Dependencies operator()(const GenerateLogKey&) const { return {std::string(kGenerateLogKey), {}}; }
    Dependencies operator()(const GenerateKey& of) const { return {label(kGenerateKey, of.issuer), {}}; }
    Dependencies operator()(const SelfSign& of) const {
      return {label(kSelfSign, of.issuer), {label(kGenerateKey, of.issuer)}};
    }
    Dependencies operator()(const RequestCertificate& of) const {
      return {label(kRequest, of.issuer), {label(kGenerateKey, of.issuer)}};
    }
    Dependencies operator()(const IssueCertificate& of) const {
      return {label(kIssue, of.subject),
              {label(kRequest, of.subject), label(kGenerateKey, of.issuer), label(kSelfSign, of.issuer),
               label(kInstall, of.issuer)}};
    }
    Dependencies operator()(const InstallChain& of) const {
      return {label(kInstall, of.issuer),
              {label(kIssue, of.issuer), label(kRequest, of.issuer), label(kGenerateKey, of.issuer)}};
    }
    Dependencies operator()(const ExportResults&) const { return {}; }
  };
  Dependencies found = std::visit(Visitor{step}, act);
  if (found.makes != kGenerateLogKey) found.needs.emplace_back(kGenerateLogKey);  // every step is logged
  return found;
}

Result<Done> check_order(std::string_view file, const std::vector<Step>& steps) {
  std::map<std::string, int> made_in;  // label → line
  for (const Step& step : steps) {
    const auto makes = dependencies_of(step.act).makes;
    if (makes.empty()) continue;
    const auto [earlier, fresh] = made_in.emplace(makes, step.line);
    if (fresh) continue;
    return fail(ErrorKind::Usage, fmt::format("{}:{}: step \"{}\" stands twice, first in line {}", file, step.line,
                                              makes, earlier->second));
  }
  std::set<std::string> made;
  for (const Step& step : steps) {
    auto [makes, needs] = dependencies_of(step.act);
    for (const auto& need : needs) {
      if (!made_in.contains(need) || made.contains(need)) continue;
      return fail(ErrorKind::Usage, fmt::format("{}:{}: this step needs \"{}\", which comes later, in line {}", file,
                                                step.line, need, made_in.at(need)));
    }
    made.insert(std::move(makes));
  }
  return Done{};
}

Result<Script> read_script(const YamlValue& root) {
  constexpr std::string_view kWhat = "ceremony script";
  auto keys = root.mapping_of(kWhat, {"ceremony", "name", "title", "performed", "steps"});
  if (!keys) return pass_on(keys);
  auto version = root.member(kWhat, "ceremony");
  if (!version) return pass_on(version);
  auto one = (*version)->number("ceremony", 1, 1);
  if (!one) return pass_on(one);
  Script script;
  auto name = name_member(root, kWhat, "name");
  if (!name) return pass_on(name);
  script.name = std::move(*name);
  auto title = text_member(root, kWhat, "title");
  if (!title) return pass_on(title);
  script.title = std::move(*title);
  if (const YamlValue* performed = root.find("performed")) {
    auto outcome = read_outcome(*performed, "performed");
    if (!outcome) return pass_on(outcome);
    script.performed = std::move(*outcome);
  }
  auto steps = root.member(kWhat, "steps");
  if (!steps) return pass_on(steps);
  if (auto shape = (*steps)->sequence("steps"); !shape) return pass_on(shape);
  if ((*steps)->items().empty()) return (*steps)->wrong("steps is empty");
  for (const YamlValue& value : (*steps)->items()) {
    auto step = read_step(value);
    if (!step) return pass_on(step);
    if (step->done && !script.performed) {
      return value.find("done")->wrong("done without performed", "a transcript has both, a script neither");
    }
    script.steps.push_back(std::move(*step));
  }
  return script;
}

}  // namespace

Result<Script> Script::parse(std::string_view file, std::string_view text) {
  auto root = read_yaml(file, text);
  if (!root) return pass_on(root);
  auto script = read_script(*root);
  if (!script) return script;
  if (auto order = check_order(file, script->steps); !order) return pass_on(order);
  return script;
}

}  // namespace sealroom
