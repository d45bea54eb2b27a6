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

// A link may not lead out of the home: the daemon opens nothing that is not below it.
Result<Bytes> read_below(const std::filesystem::path& home, const std::string& path, std::size_t most) {
  std::error_code trouble;
  const auto top = std::filesystem::canonical(home, trouble);
  const auto real = trouble ? top : std::filesystem::canonical(top / path, trouble);
  if (trouble) return fail(ErrorKind::Usage, fmt::format("{}: {}", path, trouble.message()));
  if (real != top / path) {
    return fail(ErrorKind::Usage, fmt::format("{}: is reached through a link", path), "put the file itself there");
  }
  return read_file(real, most);
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
  return Configuration::load(std::move(files),
                             [&](const std::string& path, std::size_t most) { return read_below(home, path, most); });
}

Result<std::vector<ConfigurationFile>> read_data_files(const Configuration& configuration, const std::string& home) {
  std::vector<ConfigurationFile> files;
  auto again = Configuration::load(configuration.files(), [&](const std::string& path, std::size_t most) {
    auto octets = read_below(home, path, most);
    if (octets) files.push_back({path, std::string(as_text(*octets))});
    return octets;
  });
  if (!again) return pass_on(again);
  return files;
}

}  // namespace sealroom
