#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "daemon_call.hpp"
#include "sealroom/base/file.hpp"
#include "sealroom/base/text.hpp"
#include "sealroom/crypto/crypto.hpp"
#include "sealroom/policy/configuration.hpp"
#include "sealroom/x509/certificate.hpp"
#include "sealroom/x509/name.hpp"
#include "sealroom/x509/pem.hpp"

namespace sealroom::cli {
namespace {

constexpr std::size_t kLargestChain = 1024 * 1024;

void show_certificate(const Json& certificate) {
  for (const auto* member : {"subject", "issuer", "serial", "not_before", "not_after", "key", "sha256"}) {
    if (certificate.contains(member)) say(fmt::format("  {:<11}{}", member, certificate.at(member).get<std::string>()));
  }
}

// The fingerprint in groups of four, as it is read aloud.
std::string grouped(std::string_view hex) {
  std::string text;
  for (std::size_t i = 0; i < hex.size(); i += 4) text += fmt::format("{}{}", i == 0 ? "" : " ", hex.substr(i, 4));
  return text;
}

Result<std::vector<Certificate>> read_chain(const std::vector<std::string>& files) {
  std::vector<Certificate> chain;
  for (const auto& file : files) {
    auto octets = read_file(file, kLargestChain);
    if (!octets) return pass_on(octets);
    auto ders = read_certificates(*octets, printable(file));
    if (!ders) return pass_on(ders);
    for (const auto& der : *ders) {
      auto certificate = Certificate::parse(der);
      if (!certificate) return pass_on(certificate, printable(file));
      const bool known =
          std::ranges::any_of(chain, [&](const auto& other) { return other.der() == certificate->der(); });
      if (!known) chain.push_back(std::move(*certificate));
    }
  }
  return chain;
}

// A person vouches for a root that was made elsewhere by typing the end of its fingerprint.
Result<std::string> ask_fingerprint(const Certificate& root) {
  say(fmt::format("root    {}", printable_name(root.subject())));
  say(fmt::format("SHA-256 {} ....", grouped(std::string_view(to_hex(root.digest())).substr(0, 56))));
  return ask("the last eight digits, from the record of the root's own ceremony");
}

// Puts one request where another appliance looks for it. Value: the file.
Result<std::string> add_request(const std::string& medium, std::string_view parent, std::string_view profile,
                                const std::string& issuer, std::string_view pem) {
  const auto folder = fmt::format("{}/requests/{}/{}", medium, parent, profile);
  std::error_code trouble;
  if (!std::filesystem::is_directory(medium, trouble))
    return fail(ErrorKind::Usage, fmt::format("medium {}: is not a directory", printable(medium)));
  std::filesystem::create_directories(folder, trouble);
  if (trouble)
    return fail(ErrorKind::Failed, fmt::format("{}: cannot be made: {}", printable(folder), trouble.message()));
  const auto path = fmt::format("{}/{}.csr", folder, issuer);
  auto written = write_new_file(path, as_bytes(pem), 0644);
  if (!written) return pass_on(written);
  auto synced = sync_directory(folder);
  if (!synced) return pass_on(synced);
  return path;
}

}  // namespace

Result<int> issuer_list(const Command& command) {
  Words words(command);
  auto read = words.read(command.words, 0, 0);
  if (!read) return pass_on(read);
  return show(command, "issuer.list", Json::object(), [](const Json& answer) {
    for (const auto& issuer : answer.at("issuers")) {
      std::string profiles;
      for (const auto& profile : issuer.at("profiles")) profiles += " " + profile.at("profile").get<std::string>();
      say(fmt::format("{:<14}{:<12}profiles:{}", issuer.at("issuer").get<std::string>(),
                      issuer.at("state").get<std::string>(), profiles));
    }
  });
}

Result<int> issuer_show(const Command& command) {
  Words words(command);
  auto read = words.read(command.words, 1, 1);
  if (!read) return pass_on(read);
  return show(command, "issuer.show", {{"issuer", words.plain()[0]}}, [](const Json& issuer) {
    say(fmt::format("issuer {}, {}", issuer.at("issuer").get<std::string>(), issuer.at("state").get<std::string>()));
    for (const auto& profile : issuer.at("profiles")) {
      say(fmt::format("  profile {} ({}), {} days", profile.at("profile").get<std::string>(),
                      profile.at("purpose").get<std::string>(), profile.at("days").get<int>()));
    }
    if (issuer.contains("key")) {
      const auto& key = issuer.at("key");
      say(fmt::format("key on token {} ({}), made {}", key.at("token_label").get<std::string>(),
                      key.at("token_serial").get<std::string>(), key.at("created").get<std::string>()));
      say(fmt::format("  public key SHA-256 {}", grouped(key.at("public_key_sha256").get<std::string>())));
      say(fmt::format("  evidence {}", key.at("evidence").dump()));
    }
    for (const auto& certificate : issuer.at("chain")) {
      say("certificate");
      show_certificate(certificate);
    }
    const auto kept = issuer.at("kept_by_ledger");
    if (!kept.empty())
      say(fmt::format("settings without effect, what they name is kept by the ledger: {}", kept.dump()));
    say(issuer.at("chain_pem").get<std::string>());
  });
}

Result<int> issuer_request(const Command& command) {
  namespace po = boost::program_options;
  Words words(command);
  words.options()("for", po::value<std::string>());
  auto read = words.read(command.words, 1, 2);
  if (!read) return pass_on(read);
  const auto& issuer = words.plain()[0];
  const auto place = words.text("for");
  const auto parts = split(place, '/');
  if ((words.plain().size() == 2) != words.given("for")) {
    return fail(ErrorKind::Usage, "a medium and --for belong together",
                "sealroom issuer request intermediate MEDIUM --for root/v3_intermediate_ca");
  }
  if (words.given("for") && (parts.size() != 2 || !is_plain_name(parts[0]) || !is_plain_name(parts[1]))) {
    return fail(ErrorKind::Usage, fmt::format("\"{}\" is not PARENT/PROFILE", printable(place)));
  }
  auto client = wire::Client::connect(command.home);
  if (!client) return pass_on(client);
  auto answer = client->call("issuer.request", {{"issuer", issuer}});
  if (!answer) return pass_on(answer);
  const auto pem = answer->at("pem").get<std::string>();
  if (words.given("for")) {
    auto written = add_request(words.plain()[1], parts[0], parts[1], issuer, pem);
    if (!written) return pass_on(written);
    (*answer)["file"] = printable(*written);
  }
  if (command.output == Output::Json) {
    (*answer)["format"] = "sealroom-request/1";
    print(*answer);
  } else {
    say(words.given("for") ? "wrote " + answer->at("file").get<std::string>() : pem);
  }
  return kDone;
}

Result<int> issuer_install(const Command& command) {
  namespace po = boost::program_options;
  Words words(command);
  words.options()("fingerprint", po::value<std::string>());
  auto read = words.read(command.words, 2, 16);
  if (!read) return pass_on(read);
  auto chain = read_chain({words.plain().begin() + 1, words.plain().end()});
  if (!chain) return pass_on(chain);
  auto client = wire::Client::connect(command.home);
  if (!client) return pass_on(client);
  std::string pem;
  for (const auto& certificate : *chain) pem += to_pem(kCertificatePem, certificate.der());
  Json parameters{{"issuer", words.plain()[0]}, {"chain_pem", pem}, {"fingerprint", words.text("fingerprint")}};
  auto answer = client->call("issuer.install", parameters);
  if (!answer && answer.error().kind == ErrorKind::NeedsPerson && !words.given("fingerprint")) {
    auto typed = ask_fingerprint(chain->back());
    if (!typed) return pass_on(answer);
    parameters["fingerprint"] = *typed;
    answer = client->call("issuer.install", parameters);
  }
  if (!answer) return pass_on(answer);
  if (command.output == Output::Json) {
    (*answer)["format"] = "sealroom-install/1";
    print(*answer);
  } else {
    say(fmt::format("issuer {} is active", printable(words.plain()[0])));
    show_certificate(answer->at("outcome"));
  }
  return kDone;
}

Result<int> certificate_list(const Command& command) {
  namespace po = boost::program_options;
  Words words(command);
  words.options()("issuer", po::value<std::string>());
  auto read = words.read(command.words, 0, 0);
  if (!read) return pass_on(read);
  auto client = wire::Client::connect(command.home);
  if (!client) return pass_on(client);
  Json all{{"format", "sealroom-certificates/1"}, {"certificates", Json::array()}};
  std::uint64_t after = 0;
  for (bool more = true; more;) {
    auto answer = client->call("certificate.list", {{"issuer", words.text("issuer")}, {"after", after}});
    if (!answer) return pass_on(answer);
    more = answer->at("more").get<bool>();
    for (auto& certificate : answer->at("certificates")) {
      after = certificate.at("id").get<std::uint64_t>();
      if (command.output == Output::Json) {
        all["certificates"].push_back(std::move(certificate));
      } else {
        say(fmt::format("{}  {}/{}  until {}  {}", certificate.at("serial").get<std::string>(),
                        certificate.at("issuer").get<std::string>(), certificate.at("profile").get<std::string>(),
                        certificate.at("not_after").get<std::string>(), certificate.at("subject").get<std::string>()));
      }
    }
  }
  if (command.output == Output::Json) print(all);
  return kDone;
}

Result<int> certificate_show(const Command& command) {
  namespace po = boost::program_options;
  Words words(command);
  words.options()("issuer", po::value<std::string>());
  auto read = words.read(command.words, 1, 1);
  if (!read) return pass_on(read);
  return show(
      command, "certificate.show", {{"serial", words.plain()[0]}, {"issuer", words.text("issuer")}},
      [](const Json& certificate) {
        say(fmt::format("{}/{} of batch {}, {}", certificate.at("issuer").get<std::string>(),
                        certificate.at("profile").get<std::string>(), certificate.at("batch").get<std::string>(),
                        certificate.at("state").get<std::string>()));
        show_certificate(certificate);
        if (certificate.contains("pem")) say(certificate.at("pem").get<std::string>());
      });
}

}  // namespace sealroom::cli
