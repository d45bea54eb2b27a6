#include <iostream>

#include <fmt/format.h>

#include "command.hpp"
#include "sealroom/base/text.hpp"

namespace sealroom::cli {

Result<Done> Words::read(const std::vector<std::string>& words, std::size_t least, std::size_t most) {
  namespace po = boost::program_options;
  po::options_description all(known_);
  all.add_options()("word", po::value<std::vector<std::string>>(&plain_));
  po::positional_options_description places;
  places.add("word", -1);
  using Style = po::command_line_style::style_t;
  try {
    po::store(po::command_line_parser(words)
                  .options(all)
                  .positional(places)
                  .style(Style(po::command_line_style::unix_style & ~po::command_line_style::allow_guessing))
                  .run(),
              values_);
    po::notify(values_);
  } catch (const po::error& error) {
    return fail(ErrorKind::Usage, printable(error.what()), "usage: sealroom " + usage_);
  }
  if (plain_.size() < least || plain_.size() > most) {
    return fail(ErrorKind::Usage,
                plain_.size() < least ? "something is missing on the command line"
                                      : "there are too many words on the command line",
                "usage: sealroom " + usage_);
  }
  return Done{};
}

void print(const Json& json) { std::cout << json.dump(-1, ' ', true) << "\n"; }

void say(const std::string& line) { std::cout << line << "\n"; }

}  // namespace sealroom::cli
