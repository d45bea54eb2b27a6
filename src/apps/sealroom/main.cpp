// sealroom: the operator's command line.
#include <stdlib.h>

#include <algorithm>
#include <iostream>
#include <new>

#include <fmt/format.h>

#include "command.hpp"
#include "sealroom/base/text.hpp"

namespace sealroom::cli {
namespace {

constexpr const char* kDefaultHome = "/var/lib/sealroom";

void print_help() {
  say("usage: sealroom [--home DIR] [--json] COMMAND ...\n");
  for (const auto& command : commands()) say(fmt::format("  {}\n      {}", command.usage, command.does));
  say("\n--home DIR   the appliance's home (else SEALROOM_HOME, else /var/lib/sealroom)\n--json       one JSON "
      "document instead of text");
}

// The command whose name begins `words`, and how many words its name has.
const NamedCommand* find_command(const std::vector<std::string>& words, std::size_t& used) {
  for (used = std::min<std::size_t>(2, words.size()); used > 0; --used) {
    const auto name = used == 2 ? words[0] + " " + words[1] : words[0];
    for (const auto& command : commands()) {
      if (name == command.name) return &command;
    }
  }
  return nullptr;
}

Result<int> run(std::vector<std::string> words) {
  const char* home = getenv("SEALROOM_HOME");
  Command command{.home = home != nullptr && *home != '\0' ? home : kDefaultHome,
                  .output = Output::People,
                  .words = {},
                  .usage = ""};
  while (!words.empty() && words.front().starts_with("-")) {
    const auto option = words.front();
    words.erase(words.begin());
    if (option == "--json") {
      command.output = Output::Json;
    } else if (option == "--home" && !words.empty()) {
      command.home = words.front();
      words.erase(words.begin());
    } else if (option.starts_with("--home=")) {
      command.home = option.substr(7);
    } else if (option == "--help") {
      print_help();
      return kDone;
    } else if (option == "--version") {
      say(fmt::format("sealroom {}", SEALROOM_VERSION));
      return kDone;
    } else {
      return fail(ErrorKind::Usage, fmt::format("\"{}\" is not an option of sealroom", printable(option)),
                  "sealroom --help");
    }
  }
  // --json and --home may also stand behind the command.
  for (std::size_t i = 0; i < words.size();) {
    if (words[i] == "--json") {
      command.output = Output::Json;
    } else if (words[i] == "--home" && i + 1 < words.size()) {
      command.home = words[i + 1];
      words.erase(words.begin() + static_cast<std::ptrdiff_t>(i));
    } else {
      ++i;
      continue;
    }
    words.erase(words.begin() + static_cast<std::ptrdiff_t>(i));
  }
  if (words.empty()) return fail(ErrorKind::Usage, "a command is missing", "sealroom --help");
  std::size_t used = 0;
  const auto* found = find_command(words, used);
  if (found == nullptr)
    return fail(ErrorKind::Usage, fmt::format("there is no command \"{}\"", printable(words.front())),
                "sealroom --help");
  command.words.assign(words.begin() + static_cast<std::ptrdiff_t>(used), words.end());
  command.usage = found->usage;
  if (std::ranges::find(command.words, "--help") != command.words.end()) {
    say(fmt::format("sealroom {}\n  {}", found->usage, found->does));
    return kDone;
  }
  return found->run(command);
}

int report(const Error& error) {
  std::cout.flush();
  std::cerr << "sealroom: error: " << error.message << "\n";
  if (!error.hint.empty()) std::cerr << "sealroom: hint: " << error.hint << "\n";
  return static_cast<int>(error.kind);
}

}  // namespace
}  // namespace sealroom::cli

int main(int argc, char** argv) {
  try {
    auto code = sealroom::cli::run({argv + 1, argv + argc});
    if (!code) return sealroom::cli::report(code.error());
    std::cout.flush();
    return std::cout ? *code
                     : sealroom::cli::report({sealroom::ErrorKind::Failed, "standard output cannot be written"});
  } catch (const std::bad_alloc&) {
    return sealroom::cli::report({sealroom::ErrorKind::Failed, "no memory left"});
  }
}
