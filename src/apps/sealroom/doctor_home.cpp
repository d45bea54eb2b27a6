#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>

#include <fmt/format.h>

#include "doctor_checks.hpp"
#include "sealroom/base/text.hpp"
#include "sealroom/policy/read_configuration.hpp"

namespace sealroom::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kLeastSpace = std::uint64_t{64} << 20;   // an import of 100,000 requests and its plans
constexpr std::uint64_t kGoodSpace = std::uint64_t{1024} << 20;  // and years of them
constexpr std::uint64_t kLeastFiles = 1000;
constexpr int kSeededBits = 256;  // random(4): full since Linux 5.18

struct Part {
  const char* name;
  mode_t forbidden;  // permission bits that nobody but the owner may have
  bool required;
};

constexpr Part kParts[] = {{"sealroom.yaml", 022, true}, {"issuers", 022, true},          {"ledger", 077, true},
                           {"run", 022, true},           {"ledger/ledger.db", 077, true}, {"pins", 077, false},
                           {"tokens", 077, false},       {"softhsm2.conf", 022, false}};

// What is wrong with one part of the home; "" when nothing is, or when the caller cannot see it.
std::string fault_of(const std::string& home, const Part& part, uid_t owner, bool& hidden) {
  struct stat status{};
  if (lstat((home + "/" + part.name).c_str(), &status) != 0) {
    if (errno == EACCES) return hidden = true, "";
    return part.required || errno != ENOENT ? fmt::format("{}: {}", part.name, strerror(errno)) : "";
  }
  if (S_ISLNK(status.st_mode)) return fmt::format("{} is a link", part.name);
  if (status.st_uid != owner) return fmt::format("{} belongs to another user ({})", part.name, status.st_uid);
  if ((status.st_mode & part.forbidden) == 0) return "";
  return fmt::format("{} has mode {:04o}: others may {} it", part.name, status.st_mode & 07777,
                     part.forbidden == 022 ? "change" : "read or change");
}

Json check_folder(const std::string& home) {
  struct stat status{};
  const bool there = stat(home.c_str(), &status) == 0;
  if (!there || !S_ISDIR(status.st_mode)) {
    return check_problem("home", ErrorKind::Usage,
                         fmt::format("{}: {}", printable(home), there ? "is not a folder" : strerror(errno)),
                         "give --home, or make one with `sealroom init`");
  }
  std::string faults;
  bool hidden = false;
  if ((status.st_mode & 022) != 0) faults = fmt::format("mode {:04o}: others may change it", status.st_mode & 07777);
  for (const auto& part : kParts) {
    const auto fault = fault_of(home, part, status.st_uid, hidden);
    if (!fault.empty()) faults += (faults.empty() ? "" : "; ") + fault;
  }
  const auto name = fmt::format("{}, of user {}", printable(home), status.st_uid);
  if (!faults.empty()) {
    return check_problem("home", ErrorKind::Usage, fmt::format("{}: {}", name, faults),
                         "find out who did it, then set owner and mode as docs/formats.md (Home) has them");
  }
  if (hidden)
    return check_warning("home", name + ": this user cannot see all of it", "ask as the daemon's user or root");
  return check_ok("home", name + ": complete, and closed to others");
}

Json check_place(const std::string& home) {
  struct statvfs disk{};
  if (statvfs(home.c_str(), &disk) != 0)
    return check_problem("disk", ErrorKind::Failed, strerror(errno), "see whether the disk is mounted");
  const std::uint64_t free = disk.f_bavail * disk.f_frsize;
  const bool few_files = disk.f_files != 0 && disk.f_favail < kLeastFiles;
  const auto detail = fmt::format("{} MiB free, {} file(s) more", free >> 20,
                                  disk.f_files == 0 ? "any number of" : std::to_string(disk.f_favail));
  if ((disk.f_flag & ST_RDONLY) != 0)
    return check_problem("disk", ErrorKind::Failed, "is mounted read-only", "mount it for writing");
  if (free < kLeastSpace || few_files)
    return check_problem("disk", ErrorKind::Failed, detail, "make room before anything is signed");
  if (free < kGoodSpace) return check_warning("disk", detail, "make room soon");
  return check_ok("disk", detail);
}

Json check_configuration(const std::string& home, std::string& digest) {
  auto configuration = read_configuration(home);
  if (!configuration)
    return check_problem("configuration", ErrorKind::Usage, configuration.error().message, configuration.error().hint);
  digest = to_hex(configuration->digest());
  std::size_t profiles = 0;
  for (const auto& [name, issuer] : configuration->issuers()) profiles += issuer.profiles.size();
  return check_ok("configuration",
                  fmt::format("{} issuer(s) with {} profile(s)", configuration->issuers().size(), profiles));
}

Json check_swap() {
  std::ifstream swaps("/proc/swaps");
  std::string heading, first;
  if (!swaps || !std::getline(swaps, heading))
    return check_warning("swap", "/proc/swaps cannot be read", "see that no swap is on");
  if (!std::getline(swaps, first)) return check_ok("swap", "is off");
  return check_warning("swap",
                       fmt::format("is on ({}): requests and names may be written to it; PINs are not",
                                   printable(first.substr(0, first.find(' ')))),
                       "swapoff --all");
}

Json check_random() {
  std::ifstream gathered("/proc/sys/kernel/random/entropy_avail");
  int bits = 0;
  if (gathered >> bits && bits >= kSeededBits) return check_ok("random", "the kernel's generator is ready");
  return check_warning("random", fmt::format("the kernel's generator has gathered {} of {} bits", bits, kSeededBits),
                       "wait, and use the keyboard");
}

Json check_seccomp() {
  if (fs::exists("/proc/sys/kernel/seccomp/actions_avail")) return check_ok("seccomp", "the kernel has it");
  return check_problem("seccomp", ErrorKind::Failed, "the kernel does not have it: the daemon will not start",
                       "use a kernel with CONFIG_SECCOMP_FILTER");
}

}  // namespace

Json check_home(const std::string& home, std::string& configuration) {
  Json checks = Json::array();
  checks.push_back(check_folder(home));
  if (checks.front().at("state") != "problem" || fs::exists(home + "/sealroom.yaml")) {
    checks.push_back(check_configuration(home, configuration));
    checks.push_back(check_place(home));
  }
  checks.push_back(check_swap());
  checks.push_back(check_random());
  checks.push_back(check_seccomp());
  return checks;
}

}  // namespace sealroom::cli
