#include <cstdio>

#include <fmt/format.h>

#include "arguments.hpp"
#include "input_files.hpp"
#include "inspection.hpp"
#include "password_source.hpp"
#include "sealroom/base/file.hpp"

namespace sealroom::pack {
namespace {

options::options_description known_options() {
  options::options_description known("Options", kHelpWidth, kHelpWidth / 2);
  auto add = known.add_options();
  add("file", options::value<std::string>()->value_name("FILE")->required(), "the store (also without --file)");
  add("store-password-from", options::value<std::string>()->value_name("PASSWORD"),
      "the store's password, to check its integrity; JKS entries show without");
  add("json", "print one JSON object");
  add("help", "show this");
  return known;
}

}  // namespace

Outcome run_inspect(const Arguments& arguments) {
  const auto known = known_options();
  options::positional_options_description positional;
  positional.add("file", 1);
  auto given = parse_arguments(arguments, known, positional);
  if (!given) return pass_on(given);
  if (showed_help(*given, "inspect FILE [OPTION]...", known)) return Findings{};
  Secret password;
  if (given->count("store-password-from") != 0) {
    auto source = parse_password_source("store-password-from", text_of(*given, "store-password-from"));
    if (!source) return pass_on(source);
    auto read = read_password(*source, "store password");
    if (!read) return pass_on(read);
    password = std::move(*read);
  }
  const auto file = text_of(*given, "file");
  auto octets = read_file(file, kLargestStore);
  if (!octets) return pass_on(octets);
  auto inspection = inspect_store(file, *octets, password, SystemClock().now());
  if (!inspection) return pass_on(inspection);
  if (given->count("json") != 0) {
    fmt::print("{}\n", to_json(*inspection).dump());
  } else {
    fmt::print("{}", to_text(*inspection));
  }
  return Findings{};
}

}  // namespace sealroom::pack
