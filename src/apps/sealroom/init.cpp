#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <filesystem>

#include <fmt/format.h>

#include "command.hpp"
#include "reviewed_files.hpp"
#include "sealroom/base/file.hpp"
#include "sealroom/base/text.hpp"
#include "sealroom/crypto/crypto.hpp"
#include "sealroom/policy/strict_yaml.hpp"

namespace sealroom::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kSoftHsm = "/usr/lib/softhsm/libsofthsm2.so";
constexpr std::array kTrialTokens{"sealroom-root", "sealroom-intermediate", "sealroom-log"};

// Lies in a home that is being made, and is locked by who makes it.
constexpr const char* kMarker = "/.sealroom-init";

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

Result<Done> make_directory(const std::string& path, mode_t mode) {
  if (mkdir(path.c_str(), 0700) != 0 || chmod(path.c_str(), mode) != 0) {
    return fail(ErrorKind::Failed, fmt::format("{}: cannot be made: {}", printable(path), strerror(errno)));
  }
  return Done{};
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
  const std::pair<const char*, mode_t> kFolders[] = {{"/issuers", 0755}, {"/ledger", 0700}, {"/run", 0711}};
  for (const auto& [folder, mode] : kFolders) {
    made = make_directory(choice.partial + folder, mode);
    if (!made) return made;
  }
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

// The daemon beside this program: only it may open tokens and the ledger.
Result<Done> let_daemon_finish(const std::string& home) {
  std::array<char, PATH_MAX> self{};
  const auto size = readlink("/proc/self/exe", self.data(), self.size() - 1);
  if (size < 0) return fail(ErrorKind::Failed, "this program does not know where it lies");
  auto daemon = fs::path(self.data()).parent_path() / "sealroomd";
  std::string path = daemon.string(), flag = "--home", value = home, mode = "--make-home";
  std::array<char*, 5> words{path.data(), flag.data(), value.data(), mode.data(), nullptr};
  pid_t child = 0;
  const int trouble = posix_spawn(&child, path.c_str(), nullptr, nullptr, words.data(), environ);
  if (trouble != 0)
    return fail(ErrorKind::Failed, fmt::format("{}: cannot be started: {}", printable(path), strerror(trouble)),
                "install sealroomd beside sealroom");
  int state = 0;
  while (waitpid(child, &state, 0) < 0 && errno == EINTR) {
  }
  if (WIFEXITED(state) && WEXITSTATUS(state) == 0) return Done{};
  const auto code = WIFEXITED(state) ? WEXITSTATUS(state) : 0;
  auto kind = ErrorKind::Failed;
  for (const auto known : {ErrorKind::Token, ErrorKind::Usage}) {
    if (code == static_cast<int>(known)) kind = known;
  }
  return fail(kind, "the daemon could not finish the home", "its own message stands above");
}

Result<Done> check_free(const Choice& choice) {
  std::error_code trouble;
  if (!fs::exists(choice.home, trouble)) return Done{};
  if (fs::is_directory(choice.home, trouble) && fs::is_empty(choice.home, trouble)) return Done{};
  return fail(ErrorKind::Usage, fmt::format("{}: exists already and is not empty", printable(choice.home)),
              "name another directory with --home; nothing was changed");
}

// Clears away what an interrupted init left, which its marker tells from anything else, and begins anew.
Result<Fd> begin_partial(const Choice& choice) {
  std::error_code trouble;
  const auto marker = choice.partial + kMarker;
  if (fs::exists(fs::symlink_status(choice.partial, trouble))) {
    const Fd old(::open(marker.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));
    if (!old) {
      return fail(ErrorKind::Usage,
                  fmt::format("{}: is in the way and was not left by an init", printable(choice.partial)),
                  "move it away, or name another directory with --home");
    }
    if (flock(old.get(), LOCK_EX | LOCK_NB) != 0) {
      return fail(ErrorKind::Failed, fmt::format("{}: another init is making this home", printable(choice.home)));
    }
    fs::remove_all(choice.partial, trouble);
  }
  auto made = make_directory(choice.partial, 0711);
  if (!made) return pass_on(made);
  Fd lock(::open(marker.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!lock || flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    return fail(ErrorKind::Failed, fmt::format("{}: cannot be made: {}", printable(marker), strerror(errno)));
  }
  return lock;
}

Result<Done> build(const Choice& choice) {
  auto written = write_home(choice);
  if (!written) return written;
  auto finished = let_daemon_finish(choice.partial);
  if (!finished) return finished;
  if (choice.trial) {
    auto moved = write_softhsm_config(choice.partial, choice.home);
    if (!moved) return moved;
  }
  unlink((choice.partial + kMarker).c_str());
  if (rename(choice.partial.c_str(), choice.home.c_str()) != 0) {
    return fail(ErrorKind::Failed, fmt::format("{}: cannot get its name: {}", printable(choice.home), strerror(errno)));
  }
  return sync_directory(fs::path(choice.home).parent_path().string());
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
  std::error_code trouble;
  const auto absolute = fs::absolute(command.home, trouble).lexically_normal();
  choice.home = (absolute.has_filename() ? absolute : absolute.parent_path()).string();
  choice.partial = choice.home + ".partial";
  auto free = check_free(choice);
  if (!free) return pass_on(free);
  fs::create_directories(fs::path(choice.home).parent_path(), trouble);
  auto lock = begin_partial(choice);
  if (!lock) return pass_on(lock);
  auto built = build(choice);
  if (!built) {
    fs::remove_all(choice.partial, trouble);
    return pass_on(built);
  }
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
