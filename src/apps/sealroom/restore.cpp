#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>
#include <filesystem>
#include <set>

#include <fmt/format.h>

#include "command.hpp"
#include "home_in_the_making.hpp"
#include "run_daemon.hpp"
#include "sealroom/base/file.hpp"
#include "sealroom/base/text.hpp"
#include "sealroom/crypto/crypto.hpp"
#include "sealroom/crypto/sums.hpp"
#include "sealroom/media/copy_file.hpp"
#include "sealroom/media/outbox.hpp"
#include "sealroom/policy/configuration.hpp"
#include "sealroom/x509/pem.hpp"

namespace sealroom::cli {
namespace {

namespace fs = std::filesystem;

using Digests = std::map<std::string, Digest>;

constexpr std::size_t kLargestConfiguration = 64 * 1024;
constexpr std::size_t kLargestKey = 64 * 1024;
constexpr const char* kExports = "/run/exports";  // where exports lie in the home while its daemon takes them in
constexpr mode_t kOpenMode = 0644;
constexpr mode_t kOwnMode = 0600;

// The files of a backup whose sums are right. Errors (Failed): it is not one, or not all of it.
Result<Digests> files_of_backup(const std::string& folder) {
  auto files = digests_below(folder);
  if (!files) return files;
  const auto wrong = [&](std::string_view what) {
    return fail(ErrorKind::Failed, fmt::format("{}: {}", printable(folder), what),
                "name the folder that `sealroom backup` wrote, MEDIUM/backup/NAME; nothing was made");
  };
  // It gets its name when all of it was read back.
  const bool unfinished = fs::path(folder + "/").parent_path().extension() == ".partial";
  if (unfinished || !files->contains("ledger.db") || !files->contains("sealroom.yaml"))
    return wrong("is not a complete backup");
  auto others = *files;
  others.erase(kSumsFile);
  const auto sums = files->find(kSumsFile);
  const auto right = sums_text(others);
  if (sums == files->end() || sums->second != sha256(as_bytes(right))) {
    return wrong("its files are not the ones in its SHA256SUMS: it is damaged, or was changed");
  }
  return others;
}

// BackupFolder hands the files of a backup to a home, each once.
class BackupFolder {
 public:
  BackupFolder(const std::string& folder, const std::string& home, Digests files)
      : folder_(folder), home_(home), files_(std::move(files)) {}

  Result<Done> take(const std::string& path, const std::string& target, mode_t mode) {
    const auto found = files_.find(path);
    if (found == files_.end()) {
      return fail(ErrorKind::Failed, fmt::format("{}: {} is missing", printable(folder_), printable(path)));
    }
    std::error_code trouble;
    fs::create_directories(fs::path(home_ + "/" + target).parent_path(), trouble);
    auto copied = copy_file(folder_, path, found->second, home_ + "/" + target, mode);
    if (!copied) return copied;
    files_.erase(found);
    return Done{};
  }

  // The configuration, and what it names by digest.
  Result<Configuration> take_configuration() {
    std::vector<std::string> names;
    for (const auto& [path, digest] : files_) {
      if (path == "sealroom.yaml" || (path.starts_with("issuers/") && path.ends_with(".cnf"))) names.push_back(path);
    }
    std::vector<ConfigurationFile> files;
    for (const auto& name : names) {
      auto taken = take(name, name, kOpenMode);
      if (!taken) return pass_on(taken);
      auto octets = read_file(home_ + "/" + name, kLargestConfiguration);
      if (!octets) return pass_on(octets);
      files.push_back({name, std::string(as_text(*octets))});
    }
    return Configuration::load(std::move(files), [&](const std::string& path, std::size_t most) -> Result<Bytes> {
      auto taken = take(path, path, kOpenMode);
      if (!taken) return pass_on(taken);
      return read_file(home_ + "/" + path, most);
    });
  }

  // What nobody asked for.
  Result<Done> nothing_else() const {
    for (const auto& [path, digest] : files_) {
      if (path == "checkpoint" || path == "log-key.pem") continue;
      return fail(ErrorKind::Failed,
                  fmt::format("{}: {} does not belong to a backup", printable(folder_), printable(path)));
    }
    return Done{};
  }

 private:
  const std::string& folder_;
  const std::string& home_;
  Digests files_;
};

// What a person brings beside a backup.
struct Brought {
  std::vector<std::string> exports;  // folders
  std::string log_keys;              // PEM of the log keys that they vouch for
};

Result<std::string> read_log_keys(const std::vector<std::string>& paths) {
  std::string all;
  for (const auto& path : paths) {
    auto octets = read_file(path, kLargestKey);
    if (!octets) return fail(ErrorKind::Usage, octets.error().message);
    auto keys = read_public_keys(as_text(*octets), printable(path));
    if (!keys) return fail(ErrorKind::Usage, keys.error().message, keys.error().hint);
    for (const auto& der : *keys) all += to_pem("PUBLIC KEY", der);
  }
  return all;
}

// Exports in the home, for the daemon alone, as long as this lives. Two of these never work on one home.
class ExportsInHome {
 public:
  static Result<ExportsInHome> copy(const Brought& brought, const std::string& home) {
    ExportsInHome exports(home + kExports);
    auto made = exports.take_place();
    if (!made) return pass_on(made);
    if (!brought.log_keys.empty()) {
      auto written = write_new_file(exports.path_ + "/log-keys.pem", as_bytes(brought.log_keys), kOwnMode);
      if (!written) return pass_on(written);
    }
    std::size_t number = 0;
    for (const auto& folder : brought.exports) {
      auto copied = copy_one(folder, fmt::format("{}/{}", exports.path_, ++number));
      if (!copied) return pass_on(copied);
    }
    return exports;
  }
  ExportsInHome(ExportsInHome&& other) noexcept : path_(std::move(other.path_)), lock_(std::move(other.lock_)) {}
  ExportsInHome& operator=(ExportsInHome&&) = delete;
  ~ExportsInHome() {
    std::error_code trouble;
    if (lock_) fs::remove_all(path_, trouble);
  }

 private:
  explicit ExportsInHome(std::string path) : path_(std::move(path)) {}

  // What one left that was interrupted is cleared away.
  Result<Done> take_place() {
    for (int attempt = 0; attempt < 2; ++attempt) {
      const bool made = mkdir(path_.c_str(), 0700) == 0;
      if (!made && errno != EEXIST) {
        return fail(ErrorKind::Failed, fmt::format("{}: cannot be made: {}", printable(path_), strerror(errno)));
      }
      Fd folder(::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
      if (!folder || flock(folder.get(), LOCK_EX | LOCK_NB) != 0) {
        return fail(ErrorKind::Failed, fmt::format("{}: another restore is at work", printable(path_)));
      }
      lock_ = std::move(folder);
      if (made) return Done{};
      std::error_code trouble;
      fs::remove_all(path_, trouble);
    }
    return fail(ErrorKind::Failed, fmt::format("{}: cannot be made", printable(path_)));
  }

  static Result<Done> copy_one(const std::string& folder, const std::string& target) {
    auto files = digests_below(folder);
    if (!files) return pass_on(files);
    for (const auto& [path, digest] : *files) {
      std::error_code trouble;
      fs::create_directories(fs::path(target + "/" + path).parent_path(), trouble);
      auto copied = copy_file(folder, path, digest, target + "/" + path, kOwnMode);
      if (!copied) return copied;
    }
    return Done{};
  }

  std::string path_;
  Fd lock_;
};

std::string text_of(const Json& json, const char* name) { return json.value(name, std::string()); }

void tell(const Json& answer) {
  if (answer.contains("backup")) {
    say(fmt::format("restored from backup {}: {} log entries", text_of(answer, "backup"),
                    answer.at("size").get<std::uint64_t>()));
  }
  for (const auto& key : answer.at("vouched"))
    say(fmt::format("you vouch for the log key {}: the log says so for ever", key.get<std::string>()));
  if (const auto added = answer.at("entries").get<std::uint64_t>(); added > 0)
    say(fmt::format("{} entries came back from the export of the log", added));
  for (const auto& batch : answer.at("batches")) {
    say(fmt::format("batch {}: {} certificate(s) came back{}", text_of(batch, "batch"),
                    batch.at("certificates").get<std::uint64_t>(),
                    batch.at("in_log").get<bool>() ? "" : "; this log did not know of them"));
  }
  for (const auto& row : answer.at("missing")) {
    say(fmt::format("MISSING: serial {} of {} ({} in batch {}): only the log knows it  ->  bring issued/{}",
                    text_of(row, "serial"), text_of(row, "issuer"), text_of(row, "state"), text_of(row, "batch"),
                    text_of(row, "batch")));
  }
  for (const auto& owner : answer.at("missing_keys")) {
    say(fmt::format("MISSING: the key of {}: only the log knows it", owner.get<std::string>()));
  }
}

// The daemon's answer, told.
Result<int> answer_of(const Command& command, const std::string& text) {
  auto answer = parse_json(text, "the daemon's answer");
  if (!answer) return pass_on(answer);
  if (command.output == Output::Json) {
    print(*answer);
  } else {
    tell(*answer);
  }
  return kDone;
}

Result<int> restore_home(const Command& command, const std::string& folder, const Brought& brought) {
  auto files = files_of_backup(folder);
  if (!files) return pass_on(files);
  auto home = HomeInTheMaking::begin(command.home);
  if (!home) return pass_on(home);
  BackupFolder backup(folder, home->partial(), std::move(*files));
  auto configuration = backup.take_configuration();
  if (!configuration) return pass_on(configuration);
  auto taken = backup.take("ledger.db", "ledger/ledger.db", kOwnMode);
  if (taken) taken = backup.nothing_else();
  if (!taken) return pass_on(taken);
  auto text = [&]() -> Result<std::string> {
    auto copied = ExportsInHome::copy(brought, home->partial());
    if (!copied) return pass_on(copied);
    return run_daemon({"--home", home->partial(), "--finish-restore"});
  }();
  if (!text) return pass_on(text);
  auto finished = home->finish();
  if (!finished) return pass_on(finished);
  auto told = answer_of(command, *text);
  if (!told || command.output == Output::Json) return told;
  say(fmt::format("made the home {}", home->path()));
  if (!configuration->trial_pins().empty())
    say("a trial home: put softhsm2.conf, tokens/ and pins/ of the old one there; a backup holds no key and no PIN");
  say(fmt::format("next: sealroomd --home {}, then sealroom unlock --all", home->path()));
  return told;
}

Result<int> take_exports(const Command& command, const Brought& brought) {
  std::error_code trouble;
  if (!fs::is_directory(command.home + "/run", trouble)) {
    return fail(ErrorKind::Usage, fmt::format("home {}: is not there", printable(command.home)),
                "sealroom --home HOME restore --export DIR");
  }
  auto copied = ExportsInHome::copy(brought, command.home);
  if (!copied) return pass_on(copied);
  auto text = run_daemon({"--home", command.home, "--take-exports"});
  if (!text) return pass_on(text);
  return answer_of(command, *text);
}

}  // namespace

Result<int> restore(const Command& command) {
  namespace po = boost::program_options;
  Words words(command);
  Brought brought;
  std::vector<std::string> log_keys;
  words.options()("export", po::value(&brought.exports))("log-key", po::value(&log_keys));
  auto read = words.read(command.words, 0, 1);
  if (!read) return pass_on(read);
  auto keys = read_log_keys(log_keys);
  if (!keys) return pass_on(keys);
  brought.log_keys = std::move(*keys);
  if (!brought.log_keys.empty() && brought.exports.empty()) {
    return fail(ErrorKind::Usage, "--log-key is for exports, and none is named",
                fmt::format("usage: sealroom {}", command.usage));
  }
  if (!words.plain().empty()) return restore_home(command, words.plain()[0], brought);
  if (!brought.exports.empty()) return take_exports(command, brought);
  return fail(ErrorKind::Usage, "neither a backup nor an export is named",
              fmt::format("usage: sealroom {}", command.usage));
}

}  // namespace sealroom::cli
