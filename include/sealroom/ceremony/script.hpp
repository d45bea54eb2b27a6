#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "sealroom/base/error.hpp"

namespace sealroom {

// The steps that a ceremony can have: a closed list, each with exactly the members that its act needs.
struct GenerateLogKey { std::string algorithm; };                            // generate-log-key
struct GenerateKey { std::string issuer; std::string algorithm; };           // generate-key
struct SelfSign { std::string issuer; std::string profile; int days = 0; };  // self-sign
struct RequestCertificate { std::string issuer; };                           // request
struct IssueCertificate { std::string issuer; std::string subject; std::string profile; int days = 0; };  // issue
struct InstallChain { std::string issuer; };                                 // install
struct ExportResults {};                                                     // export

using Act = std::variant<GenerateLogKey, GenerateKey, SelfSign, RequestCertificate, IssueCertificate, InstallChain,
                         ExportResults>;

// What a step left, written into the transcript in the script's own grammar: name and printable value, in order.
using Outcome = std::vector<std::pair<std::string, std::string>>;

struct Step {
  Act act;
  std::string say;  // read aloud before the step
  int line = 0;
  std::optional<Outcome> done;  // present in a transcript
};

// Script is a ceremony as people review it and read it aloud; a transcript is the same with `done` filled in.
struct Script {
  std::string name;
  std::string title;
  std::vector<Step> steps;
  std::optional<Outcome> performed;  // present in a transcript: when, where, software, script's digest

  // Reads YAML strictly. Errors (Usage) with file and line: unknown or duplicate keys, a step that does not exist,
  // an algorithm, name or number that is wrong, steps in an order that cannot work.
  static Result<Script> parse(std::string_view file, std::string_view text);

  // The script (or transcript) as YAML; parse() reads it back as the same.
  std::string to_yaml() const;
};

// One sentence on what `step` will do, for `ceremony check` and before each step of `ceremony run`.
std::string describe(const Step& step);

}  // namespace sealroom
