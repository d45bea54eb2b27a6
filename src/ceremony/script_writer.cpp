#include <fmt/format.h>

#include "sealroom/base/text.hpp"
#include "sealroom/ceremony/script.hpp"
#include "sealroom/policy/strict_yaml.hpp"
#include "step_names.hpp"

namespace sealroom {
namespace {

constexpr std::size_t kWidth = 110;

// `text` behind "KEY: ", folded over indented lines where YAML's folding gives it back as it was.
std::string folded(std::string_view text, std::string_view indent) {
  const bool foldable = text.size() > kWidth / 2 && text == trimmed(text) && text.find("  ") == std::string_view::npos;
  if (!foldable) return yaml_quoted(text) + "\n";
  std::string out = ">-\n";
  std::string line(indent);
  for (const auto word : split(text, ' ')) {
    if (line.size() > indent.size() && line.size() + 1 + word.size() > kWidth) {
      out += line + "\n";
      line = indent;
    }
    if (line.size() > indent.size()) line += ' ';
    line += word;
  }
  return out + line + "\n";
}

std::string outcome(std::string_view key, const Outcome& members, std::string_view indent) {
  if (members.empty()) return fmt::format("{}{}: {{}}\n", indent, key);
  std::string out = fmt::format("{}{}:\n", indent, key);
  for (const auto& [name, value] : members) out += fmt::format("{}  {}: {}\n", indent, name, yaml_quoted(value));
  return out;
}

// The act as a member of its step: `self-sign: {issuer: "root", ...}`.
struct ActWriter {
  std::string operator()(const GenerateLogKey& act) const {
    return fmt::format("{}: {{algorithm: {}}}", kGenerateLogKey, yaml_quoted(act.algorithm));
  }
  std::string operator()(const GenerateKey& act) const {
    return fmt::format("{}: {{issuer: {}, algorithm: {}}}", kGenerateKey, yaml_quoted(act.issuer),
                       yaml_quoted(act.algorithm));
  }
  std::string operator()(const SelfSign& act) const {
    return fmt::format("{}: {{issuer: {}, profile: {}, days: {}}}", kSelfSign, yaml_quoted(act.issuer),
                       yaml_quoted(act.profile), act.days);
  }
  std::string operator()(const RequestCertificate& act) const {
    return fmt::format("{}: {{issuer: {}}}", kRequest, yaml_quoted(act.issuer));
  }
  std::string operator()(const IssueCertificate& act) const {
    return fmt::format("{}: {{issuer: {}, subject: {}, profile: {}, days: {}}}", kIssue, yaml_quoted(act.issuer),
                       yaml_quoted(act.subject), yaml_quoted(act.profile), act.days);
  }
  std::string operator()(const InstallChain& act) const {
    return fmt::format("{}: {{issuer: {}}}", kInstall, yaml_quoted(act.issuer));
  }
  std::string operator()(const ExportResults&) const { return fmt::format("{}: {{}}", kExport); }
};

struct Describer {
  std::string operator()(const GenerateLogKey& act) const {
    return fmt::format("Make the key that signs the log ({}) in the log token.", act.algorithm);
  }
  std::string operator()(const GenerateKey& act) const {
    return fmt::format("Make the key of issuer {} ({}) in its token, and show that it cannot be taken out.", act.issuer,
                       act.algorithm);
  }
  std::string operator()(const SelfSign& act) const {
    return fmt::format("Sign the certificate of issuer {} with its own key: profile {}, {} days.", act.issuer,
                       act.profile, act.days);
  }
  std::string operator()(const RequestCertificate& act) const {
    return fmt::format("Make the certificate signing request of issuer {}, signed with its key.", act.issuer);
  }
  std::string operator()(const IssueCertificate& act) const {
    return fmt::format("Sign the certificate of issuer {} with the key of issuer {}: profile {}, {} days.", act.subject,
                       act.issuer, act.profile, act.days);
  }
  std::string operator()(const InstallChain& act) const {
    return fmt::format("Check the certificate of issuer {} and its chain, and take it into use.", act.issuer);
  }
  std::string operator()(const ExportResults&) const {
    return "Write the certificates, the chain and the log onto the medium.";
  }
};

}  // namespace

std::string Script::to_yaml() const {
  std::string out = fmt::format("ceremony: 1\nname: {}\ntitle: {}\n", yaml_quoted(name), yaml_quoted(title));
  if (performed) out += outcome("performed", *performed, "");
  out += "\nsteps:\n";
  for (const Step& step : steps) {
    out += fmt::format("  - {}\n    say: {}", std::visit(ActWriter{}, step.act), folded(step.say, "      "));
    if (step.done) out += outcome("done", *step.done, "    ");
    out += "\n";
  }
  return out;
}

std::string describe(const Step& step) { return std::visit(Describer{}, step.act); }

}  // namespace sealroom
