#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>

#include <fmt/format.h>

#include "arguments.hpp"
#include "input_files.hpp"
#include "sealroom/base/text.hpp"
#include "secret_text.hpp"
#include "staged_file.hpp"

namespace sealroom::pack {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLargestFile = 1024 * 1024;  // what Kubernetes takes as one Secret
constexpr mode_t kOutputMode = 0600;               // what is encoded may be a key

options::options_description known_options() {
  options::options_description known("Options", kHelpWidth, kHelpWidth / 2);
  auto add = known.add_options();
  add("file", options::value<std::vector<std::string>>()->value_name("FILE")->composing()->required(),
      "a file, or a folder: every *.pem below it");
  add("force", "replace files that are there already; until a new one is complete, the old one stays");
  add("help", "show this");
  return known;
}

// Every *.pem below `folder` that is a file itself, in order of their paths; links are not followed.
Result<std::vector<std::string>> pem_files_below(const std::string& folder) {
  std::vector<std::string> files;
  std::error_code failure;
  for (fs::recursive_directory_iterator entry(folder, failure), end; !failure && entry != end;
       entry.increment(failure)) {
    if (entry->path().extension() == ".pem" && entry->symlink_status(failure).type() == fs::file_type::regular) {
      files.push_back(entry->path().string());
    }
  }
  if (failure) {
    return fail(ErrorKind::Failed, fmt::format("{}: cannot be read: {}", printable(folder), failure.message()));
  }
  if (files.empty()) {
    return fail(ErrorKind::Failed, fmt::format("{}: holds no *.pem", printable(folder)), "name the files themselves");
  }
  std::ranges::sort(files);
  return files;
}

Result<std::vector<std::string>> files_to_encode(const std::vector<std::string>& named, IfExists exists) {
  std::vector<std::string> files;
  for (const auto& path : named) {
    std::error_code absent;
    if (!fs::is_directory(path, absent)) {
      files.push_back(path);
      continue;
    }
    auto found = pem_files_below(path);
    if (!found) return found;
    files.insert(files.end(), found->begin(), found->end());
  }
  for (const auto& file : files) {
    if (std::ranges::count(files, file) > 1) {
      return fail(ErrorKind::Usage, fmt::format("{}: is named twice", printable(file)));
    }
    auto free = check_free(file + ".b64", exists);
    if (!free) return pass_on(free);
  }
  return files;
}

Result<Secret> encode(const std::string& file) {
  auto octets = read_secret_file(file, kLargestFile);
  if (!octets) return pass_on(octets);
  SecretText text;
  text.add_base64(octets->view());
  return std::move(text).finish();
}

// NewFiles takes new files away again unless all of them are there in the end.
class NewFiles {
 public:
  NewFiles() = default;
  NewFiles(const NewFiles&) = delete;
  NewFiles& operator=(const NewFiles&) = delete;
  ~NewFiles() {
    for (const auto& path : paths_) ::unlink(path.c_str());
  }
  void add(const std::string& path) { paths_.push_back(path); }
  void keep() { paths_.clear(); }

 private:
  std::vector<std::string> paths_;
};

// One after the other, so that there can be more than descriptors. What --force replaced stays replaced.
Result<Done> encode_all(const std::vector<std::string>& files, IfExists exists) {
  NewFiles made;
  for (const auto& file : files) {
    auto line = encode(file);
    if (!line) return pass_on(line);
    const auto target = file + ".b64";
    const bool is_new = check_free(target, IfExists::Refuse).has_value();
    auto written = write_staged(target, line->view(), kOutputMode, exists);
    if (!written) return written;
    if (is_new) made.add(target);
  }
  made.keep();
  return Done{};
}

}  // namespace

Outcome run_base64(const Arguments& arguments) {
  const auto known = known_options();
  options::positional_options_description positional;
  positional.add("file", -1);
  auto given = parse_arguments(arguments, known, positional);
  if (!given) return pass_on(given);
  if (showed_help(*given, "base64 FILE...", known)) return Findings{};
  auto files = files_to_encode((*given)["file"].as<std::vector<std::string>>(), if_exists(*given));
  if (!files) return pass_on(files);
  auto written = encode_all(*files, if_exists(*given));
  if (!written) return pass_on(written);
  for (const auto& file : *files) fmt::print("{}.b64: written, mode 0600\n", printable(file));
  return Findings{};
}

}  // namespace sealroom::pack
