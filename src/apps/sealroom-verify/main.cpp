// sealroom-verify: checks what an appliance exported, on any machine. It trusts nothing but what it is given.
#include <iostream>
#include <new>

#include <boost/program_options.hpp>
#include <fmt/format.h>

#include "output.hpp"
#include "sealroom/audit/folder.hpp"
#include "sealroom/audit/show_plan.hpp"
#include "sealroom/base/file.hpp"
#include "sealroom/base/text.hpp"
#include "sealroom/x509/pem.hpp"

namespace sealroom::verify {
namespace {

namespace po = boost::program_options;

constexpr std::size_t kLargestAnchor = 1024 * 1024;
constexpr const char* kUsage =
    "usage: sealroom-verify DIR [--root CERT]... [--log-key PEM]... [--since CHECKPOINT [--proof FILE]] [--json]\n"
    "       sealroom-verify plan DIR [--json]\n";

std::unexpected<Error> usage(std::string_view why) {
  return fail(ErrorKind::Usage, printable(why), "sealroom-verify --help");
}

Result<std::string> text_of_file(const std::string& path) {
  auto octets = read_file(path, kLargestAnchor);
  if (!octets) return fail(ErrorKind::Usage, octets.error().message);
  return std::string(as_text(*octets));
}

using Paths = std::vector<std::string>;

Result<Done> read_roots(const Paths& paths, Anchors& anchors) {
  for (const auto& path : paths) {
    auto text = text_of_file(path);
    if (!text) return pass_on(text);
    auto ders = read_certificates(as_bytes(*text), printable(path));
    if (!ders) return fail(ErrorKind::Usage, ders.error().message, ders.error().hint);
    for (const auto& der : *ders) {
      auto root = Certificate::parse(der);
      if (!root) return fail(ErrorKind::Usage, fmt::format("{}: {}", printable(path), root.error().message));
      if (!root->self_issued() || !root->signed_by(root->key())) {
        return fail(ErrorKind::Usage, fmt::format("{}: is not a root: it did not sign itself", printable(path)),
                    "give the certificate of the root, which you have from its ceremony");
      }
      anchors.roots.push_back(std::move(*root));
    }
  }
  return Done{};
}

Result<Done> read_log_keys(const Paths& paths, Anchors& anchors) {
  for (const auto& path : paths) {
    auto text = text_of_file(path);
    if (!text) return pass_on(text);
    auto ders = read_public_keys(*text, printable(path));
    if (!ders) return fail(ErrorKind::Usage, ders.error().message, ders.error().hint);
    for (const auto& der : *ders) {
      auto key = PublicKey::parse(der);
      if (!key || key->type() != KeyType::EcP256) {
        return fail(ErrorKind::Usage, fmt::format("{}: is not an EC P-256 public key", printable(path)),
                    "give the log's public key, which you have from its ceremony");
      }
      anchors.log_keys.push_back(std::move(*key));
    }
  }
  return Done{};
}

Paths paths_in(const po::variables_map& given, const char* option) {
  return given.count(option) == 0 ? Paths{} : given[option].as<Paths>();
}

Result<Anchors> read_anchors(const po::variables_map& given) {
  Anchors anchors;
  auto roots = read_roots(paths_in(given, "root"), anchors);
  if (!roots) return pass_on(roots);
  auto keys = read_log_keys(paths_in(given, "log-key"), anchors);
  if (!keys) return pass_on(keys);
  for (const auto& [option, into] : {std::pair{"since", &anchors.since}, std::pair{"proof", &anchors.consistency}}) {
    if (given.count(option) == 0) continue;
    auto text = text_of_file(given[option].as<std::string>());
    if (!text) return pass_on(text);
    if (text->empty()) return usage(fmt::format("--{}: the file is empty", option));
    *into = std::move(*text);
  }
  if (anchors.since.empty() && !anchors.consistency.empty()) return usage("--proof belongs to --since");
  return anchors;
}

// In ASCII: a control character of Unicode in somebody's plan must not reach the terminal either.
std::string line_of(const Json& json) { return json.dump(-1, ' ', true) + "\n"; }

Result<int> run_plan(const std::string& path, bool json) {
  auto folder = ExportFolder::open(path);
  if (!folder) return pass_on(folder);
  auto plans = show_plans(*folder);
  if (!plans) return pass_on(plans);
  std::cout << (json ? line_of(*plans) : plans_text(*plans));
  for (const auto& plan : plans->at("plans")) {
    if (plan.at("requests_match") == false || plan.at("certificates_match") == false) return kDisagrees;
  }
  return kVerified;
}

Result<int> run_verify(const std::string& path, const po::variables_map& given, bool json) {
  auto anchors = read_anchors(given);
  if (!anchors) return pass_on(anchors);
  auto folder = ExportFolder::open(path);
  if (!folder) return pass_on(folder);
  auto verification = verify_export(*folder, *anchors);
  if (!verification) return pass_on(verification, printable(path));
  std::cout << (json ? line_of(json_of(*verification)) : text_of(*verification));
  return exit_code_of(*verification);
}

Result<po::variables_map> read_arguments(const Paths& arguments) {
  po::options_description known("options");
  known.add_options()("root", po::value<Paths>()->composing())("log-key", po::value<Paths>()->composing())(
      "since", po::value<std::string>())("proof", po::value<std::string>())("json", "")("help", "")("version", "")(
      "word", po::value<Paths>()->composing());
  po::positional_options_description words;
  words.add("word", -1);
  try {
    using namespace po::command_line_style;
    po::variables_map given;
    po::command_line_parser parser(arguments);
    po::store(parser.options(known).positional(words).style(unix_style & ~allow_guessing).run(), given);
    return given;
  } catch (const po::error& error) {
    return usage(error.what());
  }
}

Result<int> run(const Paths& arguments) {
  auto given = read_arguments(arguments);
  if (!given) return pass_on(given);
  if (given->count("help") != 0) {
    std::cout << kUsage;
    return kVerified;
  }
  if (given->count("version") != 0) {
    std::cout << fmt::format("sealroom-verify {}\n", SEALROOM_VERSION);
    return kVerified;
  }
  const auto words = paths_in(*given, "word");
  const bool json = given->count("json") != 0;
  const bool plan = !words.empty() && words.front() == "plan" && words.size() == 2;
  if (plan) {
    for (const auto* option : {"root", "log-key", "since", "proof"}) {
      if (given->count(option) != 0) return usage(fmt::format("--{} is not an option of plan", option));
    }
    return run_plan(words.back(), json);
  }
  if (words.size() != 1) return usage("one folder is to be named");
  return run_verify(words.front(), *given, json);
}

int report(const Error& error) {
  std::cout.flush();
  std::cerr << "sealroom-verify: error: " << error.message << "\n";
  if (!error.hint.empty()) std::cerr << "sealroom-verify: hint: " << error.hint << "\n";
  return static_cast<int>(error.kind);
}

}  // namespace
}  // namespace sealroom::verify

int main(int argc, char** argv) {
  try {
    auto code = sealroom::verify::run({argv + (argc > 0 ? 1 : 0), argv + argc});
    if (!code) return sealroom::verify::report(code.error());
    std::cout.flush();
    if (std::cout) return *code;
    return sealroom::verify::report({sealroom::ErrorKind::Failed, "standard output cannot be written"});
  } catch (const sealroom::Json::exception& error) {
    return sealroom::verify::report({sealroom::ErrorKind::Failed, sealroom::printable(error.what())});
  } catch (const std::bad_alloc&) {
    return sealroom::verify::report({sealroom::ErrorKind::Failed, "no memory left"});
  }
}
