#include <cstdio>

#include <fmt/format.h>

#include "arguments.hpp"
#include "describe.hpp"
#include "input_files.hpp"
#include "new_password.hpp"
#include "sealroom/base/file.hpp"
#include "sealroom/base/text.hpp"
#include "sealroom/keystore/examine_store.hpp"
#include "sealroom/keystore/jks.hpp"
#include "staged_file.hpp"

namespace sealroom::pack {
namespace {

constexpr mode_t kTruststoreMode = 0644;  // nothing in it is secret

struct TruststoreRequest {
  std::vector<std::pair<std::string, std::string>> entries;  // alias as written, path
  std::string out;
  PasswordSource store_password;
  WeakPasswords weak = WeakPasswords::Refuse;
};

options::options_description known_options() {
  options::options_description known("Options", kHelpWidth, kHelpWidth / 2);
  known.add_options()
      ("entry",
       options::value<std::vector<std::string>>()->value_name("ALIAS=CERT")->multitoken()->composing()->required(),
       "a CA certificate and its name, written in lower case, as Java looks it up; as many as are needed");
  add_writing_options(known);
  return known;
}

Result<TruststoreRequest> understand(const options::variables_map& given) {
  auto type = check_type(given);
  if (!type) return pass_on(type);
  auto password = parse_password_source("store-password-from", text_of(given, "store-password-from"));
  if (!password) return pass_on(password);
  TruststoreRequest request{{}, text_of(given, "out"), *password,
                            given.count("allow-weak-password") != 0 ? WeakPasswords::Allow : WeakPasswords::Refuse};
  for (const auto& text : given["entry"].as<std::vector<std::string>>()) {
    const auto equals = text.find('=');
    if (equals == std::string::npos || equals + 1 == text.size()) {
      return fail(ErrorKind::Usage, fmt::format("--entry '{}': is not ALIAS=CERT", printable(text)),
                  "for example --entry root=ca.cert.pem");
    }
    auto alias = jks_alias(text.substr(0, equals));
    if (!alias) return pass_on(alias);
    for (const auto& [taken, path] : request.entries) {
      if (taken != *alias) continue;
      return fail(ErrorKind::Usage, fmt::format("alias '{}': is used twice (Java does not tell case)", taken),
                  "give every entry an alias of its own");
    }
    request.entries.emplace_back(*alias, text.substr(equals + 1));
  }
  return request;
}

Result<std::vector<TrustCandidate>> read_candidates(const TruststoreRequest& request) {
  std::vector<TrustCandidate> candidates;
  for (const auto& [alias, path] : request.entries) {
    auto certificates = read_certificate_file(path);
    if (!certificates) return pass_on(certificates);
    if (certificates->size() != 1) {
      return fail(ErrorKind::Failed,
                  fmt::format("{}: holds {} certificates, an entry has one", printable(path), certificates->size()),
                  "give each CA certificate a file and an --entry of its own");
    }
    candidates.push_back({alias, certificates->front()});
  }
  return candidates;
}

Result<Done> compare_written(const std::string& path, std::size_t size, const JksTruststore& meant,
                             const Secret& password) {
  auto octets = read_file(path, size);
  if (!octets) return pass_on(octets);
  auto contents = read_jks(*octets, password);
  if (!contents) return pass_on(contents, "reading back");
  bool same = contents->entries.size() == meant.entries.size();
  for (std::size_t i = 0; same && i < meant.entries.size(); ++i) {
    const auto& entry = contents->entries[i];
    const auto& wanted = meant.entries[i];
    same = !entry.private_key && entry.alias == wanted.alias && entry.chain.at(0) == wanted.certificate;
  }
  if (same) return Done{};
  return fail(ErrorKind::Failed, "reading back: the file is not what was written", "check the disk");
}

Result<Done> write_store(const TruststoreRequest& request, const std::vector<TrustCandidate>& candidates,
                         Instant created) {
  auto password = NewPassword::obtain(request.store_password, "store password", request.weak);
  if (!password) return pass_on(password);
  JksTruststore store;
  for (const auto& [alias, certificate] : candidates) store.entries.push_back({alias, created, certificate.der()});
  auto octets = write_jks(store, password->value());
  if (!octets) return pass_on(octets);
  auto staged = StagedFile::write(request.out, *octets, kTruststoreMode);
  if (!staged) return pass_on(staged);
  auto same = compare_written(staged->path(), octets->size(), store, password->value());
  if (!same) return pass_on(same, printable(request.out));
  auto published = std::move(*staged).publish();
  if (!published) return published;
  password->keep();
  return Done{};
}

// Which of root and intermediate is right depends on what the peers send, and only the reader knows that.
void print_note(const std::vector<TrustCandidate>& candidates) {
  std::size_t roots = 0;
  for (const auto& [alias, certificate] : candidates) roots += certificate.self_issued() ? 1 : 0;
  if (roots == candidates.size()) {
    fmt::print(
        "  note: the root alone is right when every peer sends its intermediate with its certificate, as keystores\n"
        "        of sealroom-pack and .chain.pem files do; for peers that send the leaf alone, add the intermediate\n");
  } else if (roots > 0) {
    fmt::print(
        "  note: the intermediate is needed only for peers that send the leaf alone; where every peer sends its\n"
        "        intermediate, the root alone is right, and a new intermediate then needs no new truststore\n");
  } else {
    fmt::print(
        "  note: without the root, Java trusts the intermediate, but programs that use OpenSSL (mosquitto, for one)\n"
        "        do not; the root alone is right when every peer sends its intermediate\n");
  }
}

void announce(const TruststoreRequest& request, const std::vector<TrustCandidate>& candidates, bool type_given) {
  fmt::print("{}: written and read back\n", printable(request.out));
  fmt::print("  type   JKS{}, mode 0644, no private key\n", type_given ? "" : " (the default)");
  for (const auto& [alias, certificate] : candidates) fmt::print("  alias  {}\n{}", alias, lines_of(certificate));
  if (request.store_password.kind == PasswordSource::Kind::Generate) {
    fmt::print("  store password was made and is in {}\n", printable(request.store_password.detail));
  }
  print_note(candidates);
}

}  // namespace

Outcome run_truststore(const Arguments& arguments) {
  const auto known = known_options();
  auto given = parse_arguments(arguments, known);
  if (!given) return pass_on(given);
  if (showed_help(*given, "truststore --entry ALIAS=CERT [--entry ALIAS=CERT]... --out FILE [OPTION]...", known)) {
    return Findings{};
  }
  auto request = understand(*given);
  if (!request) return pass_on(request);
  auto absent = check_absent(request->out);
  if (!absent) return pass_on(absent);
  const Instant now = SystemClock().now();
  auto created = entry_time(now);
  if (!created) return pass_on(created);
  auto candidates = read_candidates(*request);
  if (!candidates) return pass_on(candidates);
  auto findings = examine_trust(*candidates, now);
  if (!findings.empty()) return findings;
  auto written = write_store(*request, *candidates, *created);
  if (!written) return pass_on(written);
  announce(*request, *candidates, !(*given)["type"].defaulted());
  return Findings{};
}

}  // namespace sealroom::pack
