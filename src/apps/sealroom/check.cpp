#include <filesystem>
#include <span>

#include <fmt/format.h>

#include "report_printer.hpp"
#include "sealroom/base/file.hpp"
#include "sealroom/base/text.hpp"
#include "sealroom/plan/examine.hpp"
#include "sealroom/plan/report.hpp"
#include "sealroom/policy/read_configuration.hpp"
#include "sealroom/x509/pem.hpp"

namespace sealroom::cli {
namespace {

constexpr std::size_t kLargestFile = 1024 * 1024;

// The configuration of the home, when there is one.
Result<std::optional<Configuration>> configuration_of(const std::string& home) {
  std::error_code trouble;
  if (!std::filesystem::exists(home + "/sealroom.yaml", trouble)) return std::nullopt;
  auto loaded = read_configuration(home);
  if (!loaded) return pass_on(loaded);
  return std::optional(std::move(*loaded));
}

struct Place {
  std::string issuer;
  std::string profile;
};

// Named on the command line, or told by the folders that the file lies in: .../requests/ISSUER/PROFILE/x.csr.
Place place_of(const std::string& path, const Place& named) {
  if (!named.issuer.empty()) return named;
  const auto parts = split(path, '/');
  if (parts.size() < 4 || parts[parts.size() - 4] != "requests") return {};
  return {std::string(parts[parts.size() - 3]), std::string(parts[parts.size() - 2])};
}

// `chain` is the issuer's certificate and those above it; empty when none was given.
Result<Rules> rules_for(const std::optional<Configuration>& configuration, const Place& place,
                        std::span<const Certificate> chain) {
  Rules rules;
  if (!chain.empty()) {
    rules.issuer_certificate = &chain.front();
    rules.above = chain.subspan(1);
  }
  if (!configuration) return rules;
  rules.limits = configuration->limits().request;
  rules.keys = configuration->keys();
  const auto* issuer = configuration->issuer(place.issuer);
  if (issuer == nullptr) return rules;
  rules.issuer = &issuer->config;
  rules.permitted = &issuer->permitted;
  rules.profile = configuration->profile(place.issuer, place.profile);
  if (rules.profile != nullptr) return rules;
  return fail(ErrorKind::Usage, fmt::format("issuer {} has no profile \"{}\"", place.issuer, printable(place.profile)),
              "profiles are listed in sealroom.yaml");
}

// What keeps a file from being judged, under the ids that the inbox of a medium has for it.
std::optional<Finding> obstacle(const std::string& path, const Result<Bytes>& octets, std::size_t limit) {
  std::error_code trouble;
  const auto size = std::filesystem::file_size(path, trouble);
  if (!trouble && size > limit) return Finding{"media.too-large", fmt::format("is larger than {} octets", limit)};
  if (!octets) return Finding{"media.unreadable", octets.error().message};
  if (octets->empty()) return Finding{"media.empty", "holds nothing"};
  return std::nullopt;
}

Result<Json> judge(const std::string& path, const std::optional<Configuration>& configuration, const Place& named,
                   std::span<const Certificate> chain) {
  const auto place = place_of(path, named);
  auto rules = rules_for(configuration, place, chain);
  if (!rules && !named.issuer.empty()) return pass_on(rules);
  const auto limit = rules ? rules->limits.octets : RequestLimits{}.octets;
  auto octets = read_file(path, limit);
  auto finding = obstacle(path, octets, limit);
  if (!finding && !rules)
    finding = Finding{"profile.unknown", fmt::format("{}; {}", rules.error().message, rules.error().hint)};
  auto verdict =
      finding ? verdict_of_unreadable(path, place.issuer, place.profile, {*finding})
              : verdict_of(examine({path, std::move(*octets)}, *rules, SystemClock()), place.issuer, place.profile);
  verdict["file"] = printable(path);
  return verdict;
}

// The issuer's certificate, and its chain if the file has it.
Result<std::vector<Certificate>> issuer_chain_in(const std::string& path) {
  std::vector<Certificate> chain;
  if (path.empty()) return chain;
  auto octets = read_file(path, kLargestFile);
  if (!octets) return fail(ErrorKind::Usage, octets.error().message);
  auto ders = read_certificates(*octets, printable(path));
  if (!ders) return pass_on(ders);
  for (const auto& der : *ders) {
    auto certificate = Certificate::parse(der);
    if (!certificate) return pass_on(certificate, printable(path));
    if (!chain.empty() && chain.back().issuer() != certificate->subject()) {
      return fail(ErrorKind::Usage,
                  fmt::format("{}: each certificate must be that of the issuer of the one before", printable(path)),
                  "put the issuer's own certificate first and its root last");
    }
    chain.push_back(std::move(*certificate));
  }
  return chain;
}

}  // namespace

Result<int> check(const Command& command) {
  namespace po = boost::program_options;
  Words words(command);
  words.options()("issuer", po::value<std::string>())("profile", po::value<std::string>())("issuer-cert",
                                                                                           po::value<std::string>());
  auto read = words.read(command.words, 1, 100'000);
  if (!read) return pass_on(read);
  if (words.given("issuer") != words.given("profile"))
    return fail(ErrorKind::Usage, "--issuer and --profile belong together");
  auto configuration = configuration_of(command.home);
  if (!configuration) return pass_on(configuration);
  const Place named{words.text("issuer"), words.text("profile")};
  if (!named.issuer.empty() && (!*configuration || (*configuration)->issuer(named.issuer) == nullptr)) {
    return fail(ErrorKind::Usage,
                *configuration ? fmt::format("there is no issuer \"{}\" in sealroom.yaml", printable(named.issuer))
                               : fmt::format("{} holds no configuration to check against", printable(command.home)),
                "name the home with --home, or leave --issuer out");
  }
  auto chain = issuer_chain_in(words.text("issuer-cert"));
  if (!chain) return pass_on(chain);

  std::vector<Json> verdicts;
  for (const auto& path : words.plain()) {
    auto verdict = judge(path, *configuration, named, *chain);
    if (!verdict) return pass_on(verdict);
    verdicts.push_back(std::move(*verdict));
  }
  ReportPrinter printer(command.output, "");
  for (const auto& verdict : verdicts) printer.request(verdict);
  const int code = printer.end();
  if (command.output == Output::Json) say("");
  return code;
}

}  // namespace sealroom::cli
