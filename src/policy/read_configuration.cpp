#include "sealroom/policy/read_configuration.hpp"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "sealroom/base/file.hpp"
#include "sealroom/base/text.hpp"

namespace sealroom {
namespace {

constexpr std::size_t kLargestFile = 64 * 1024;
constexpr std::size_t kLargestTogether = 256 * 1024;  // they travel in one log entry

Result<std::vector<std::string>> names_below(const std::string& home) {
  std::vector<std::string> names{"sealroom.yaml"};
  std::error_code trouble;
  for (std::filesystem::directory_iterator entry(home + "/issuers", trouble), end; !trouble && entry != end;
       entry.increment(trouble)) {
    if (entry->path().extension() == ".cnf") names.push_back("issuers/" + entry->path().filename().string());
  }
  if (trouble) return fail(ErrorKind::Usage, fmt::format("{}/issuers: {}", printable(home), trouble.message()));
  std::ranges::sort(names);
  return names;
}

}  // namespace

Result<Configuration> read_configuration(const std::string& home) {
  auto names = names_below(home);
  if (!names) return pass_on(names);
  std::vector<ConfigurationFile> files;
  std::size_t together = 0;
  for (const auto& name : *names) {
    auto octets = read_file(home + "/" + name, kLargestFile);
    if (!octets) return fail(ErrorKind::Usage, octets.error().message);
    together += octets->size();
    if (together > kLargestTogether) {
      return fail(ErrorKind::Usage,
                  fmt::format("{}: the configuration is larger than {} octets", printable(home), kLargestTogether));
    }
    files.push_back({name, std::string(as_text(*octets))});
  }
  return Configuration::load(std::move(files));
}

}  // namespace sealroom
