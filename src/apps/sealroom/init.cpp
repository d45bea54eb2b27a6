#include <unistd.h>

#include <array>
#include <filesystem>

#include <fmt/format.h>

#include "command.hpp"
#include "home_in_the_making.hpp"
#include "reviewed_files.hpp"
#include "run_daemon.hpp"
#include "sealroom/base/file.hpp"
#include "sealroom/base/text.hpp"
#include "sealroom/crypto/crypto.hpp"
#include "sealroom/policy/strict_yaml.hpp"

namespace sealroom::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kSoftHsm = "/usr/lib/softhsm/libsofthsm2.so";
constexpr std::array kTrialTokens{"sealroom-root", "sealroom-intermediate", "sealroom-log"};

struct Choice {
  bool trial = false;
  std::string_view profiles;  // folder of the set in ceremony/
  std::string module;
  std::string home;     // absolute
  std::string partial;  // where it is built
};

std::string filled(std::string_view text, std::string_view place, std::string_view value) {
  std::string out(text);
  for (auto at = out.find(place); at != std::string::npos; at = out.find(place, at + value.size())) {
    out.replace(at, place.size(), value);
  }
  return out;
}

std::string trial_settings() {
  std::string text =
      "\n# A trial home: its tokens are files of SoftHSM, and their PINs lie beside them.\ntrial:\n  softhsm_config: "
      "softhsm2.conf\n  pins:\n";
  for (const auto* token : kTrialTokens) text += fmt::format("    {0}: pins/{0}.pin\n", token);
  return text;
}

// 160 bits in base32, as digits and letters that are not mistaken for each other.
std::string random_pin() {
  constexpr std::string_view kLetters = "abcdefghjkmnpqrstuvwxyz23456789_";
  std::string pin;
  for (const auto octet : kernel_random(32)) pin += kLetters[octet % kLetters.size()];
  return pin;
}

Result<Done> write_softhsm_config(const std::string& home, const std::string& tokens) {
  const auto path = home + "/softhsm2.conf";
  unlink(path.c_str());
  return write_new_file(
      path,
      as_bytes(fmt::format(
          "directories.tokendir = {}/tokens\nobjectstore.backend = file\nlog.level = ERROR\nslots.removable = false\n",
          tokens)),
      0644);
}

Result<Done> write_trial(const Choice& choice) {
  for (const auto* folder : {"/pins", "/tokens"}) {
    auto made = make_directory(choice.partial + folder, 0700);
    if (!made) return made;
  }
  for (const auto* token : kTrialTokens) {
    for (const auto* ending : {".pin", ".pin.so"}) {
      auto written = write_new_file(fmt::format("{}/pins/{}{}", choice.partial, token, ending),
                                    as_bytes(random_pin() + "\n"), 0600);
      if (!written) return written;
    }
  }
  return write_softhsm_config(choice.partial, choice.partial);
}

Result<Done> write_home(const Choice& choice) {
  Result<Done> made = Done{};
  for (const auto* name : {"root.cnf", "intermediate.cnf"}) {
    made = write_new_file(choice.partial + "/issuers/" + name,
                          as_bytes(reviewed_file(fmt::format("{}/{}", choice.profiles, name))), 0644);
    if (!made) return made;
  }
  auto settings = filled(reviewed_file("sealroom.yaml"), "@MODULE@", yaml_quoted(choice.module));
  settings = filled(settings, "@ISSUERS@\n", reviewed_file(fmt::format("{}/profiles.yaml", choice.profiles)));
  settings = filled(settings, "@ORIGIN@", yaml_quoted("sealroom/" + to_hex(kernel_random(8))));
  settings = filled(settings, "@TRIAL@\n", choice.trial ? trial_settings() : "");
  made = write_new_file(choice.partial + "/sealroom.yaml", as_bytes(settings), 0644);
  if (made && choice.trial) made = write_trial(choice);
  return made;
}

Result<Done> build(const Choice& choice) {
  auto written = write_home(choice);
  if (!written) return written;
  auto finished = run_daemon({"--home", choice.partial, "--make-home"});
  if (!finished) return pass_on(finished);
  if (choice.trial) {
    auto moved = write_softhsm_config(choice.partial, choice.home);
    if (!moved) return moved;
  }
  return Done{};
}

// The folder of the profile set that is asked for.
Result<std::string_view> profile_set(const std::string& name) {
  if (name.empty() || name == "guide") return "issuers";
  if (name == "modern") return "issuers-modern";
  return fail(ErrorKind::Usage, fmt::format("there is no profile set \"{}\"", printable(name)),
              "the sets are: guide, modern");
}

}  // namespace

Result<int> init(const Command& command) {
  namespace po = boost::program_options;
  Words words(command);
  words.options()("softhsm", "")("module", po::value<std::string>())("profiles", po::value<std::string>());
  auto read = words.read(command.words, 0, 0);
  if (!read) return pass_on(read);
  auto profiles = profile_set(words.text("profiles"));
  if (!profiles) return pass_on(profiles);
  Choice choice{.trial = words.given("softhsm"),
                .profiles = *profiles,
                .module = words.text("module"),
                .home = {},
                .partial = {}};
  if (choice.module.empty() && !choice.trial) {
    return fail(ErrorKind::Usage, "which PKCS#11 module holds the keys is not said",
                "sealroom init --module PATH, or --softhsm for trials");
  }
  if (choice.module.empty()) choice.module = kSoftHsm;
  if (choice.module.front() != '/') return fail(ErrorKind::Usage, "--module needs an absolute path");
  auto home = HomeInTheMaking::begin(command.home);
  if (!home) return pass_on(home);
  choice.home = home->path();
  choice.partial = home->partial();
  auto built = build(choice);
  if (built) built = home->finish();
  if (!built) return pass_on(built);
  if (command.output == Output::Json) {
    print({{"format", "sealroom-init/1"}, {"home", choice.home}, {"trial", choice.trial}, {"module", choice.module}});
    return kDone;
  }
  say(fmt::format("made the home {}", choice.home));
  if (choice.trial)
    say("with SoftHSM tokens sealroom-root, sealroom-intermediate and sealroom-log; their PINs are in pins/: for "
        "trials only");
  say(fmt::format("next: sealroomd --home {}", choice.home));
  return kDone;
}

}  // namespace sealroom::cli
