#pragma once

#include <span>
#include <string>
#include <vector>

#include <boost/program_options.hpp>

#include "sealroom/base/error.hpp"
#include "sealroom/base/json.hpp"

namespace sealroom::cli {

// Exit codes beside those of ErrorKind.
inline constexpr int kDone = 0;
inline constexpr int kNeedsPerson = 4;
inline constexpr int kSomeRefused = 3;

enum class Output { People, Json };

// What every command gets.
struct Command {
  std::string home;
  Output output = Output::People;
  std::vector<std::string> words;  // what follows the command's name
  const char* usage = "";          // of the command, from the table
};

// A command's own options and words, read strictly.
class Words {
 public:
  explicit Words(const Command& command) : usage_(command.usage), known_("options") {}

  boost::program_options::options_description_easy_init options() { return known_.add_options(); }

  // Errors (Usage): an unknown option, fewer or more words than `least` and `most`.
  Result<Done> read(const std::vector<std::string>& words, std::size_t least, std::size_t most);

  const std::vector<std::string>& plain() const { return plain_; }
  bool given(const char* option) const { return values_.count(option) != 0; }
  std::string text(const char* option) const {
    return given(option) ? values_[option].as<std::string>() : std::string();
  }

 private:
  std::string usage_;
  boost::program_options::options_description known_;
  boost::program_options::variables_map values_;
  std::vector<std::string> plain_;
};

// Value of a command: the exit code.
using Run = Result<int> (*)(const Command&);

struct NamedCommand {
  const char* name;   // "issuer show"
  const char* usage;  // "issuer show ISSUER"
  const char* does;
  Run run;
};

std::span<const NamedCommand> commands();

// Writes `json` as it is, one line.
void print(const Json& json);

// One line to standard output.
void say(const std::string& line);

Result<int> init(const Command&);
Result<int> status(const Command&);
Result<int> doctor(const Command&);
Result<int> unlock(const Command&);
Result<int> lock(const Command&);
Result<int> ceremony_check(const Command&);
Result<int> ceremony_run(const Command&);
Result<int> check(const Command&);
Result<int> import(const Command&);
Result<int> batch_list(const Command&);
Result<int> batch_show(const Command&);
Result<int> batch_replan(const Command&);
Result<int> sign(const Command&);
Result<int> export_batch(const Command&);
Result<int> process(const Command&);
Result<int> issuer_list(const Command&);
Result<int> issuer_show(const Command&);
Result<int> issuer_request(const Command&);
Result<int> issuer_install(const Command&);
Result<int> key_list(const Command&);
Result<int> key_adopt(const Command&);
Result<int> key_destroy(const Command&);
Result<int> key_foreign(const Command&);
Result<int> certificate_list(const Command&);
Result<int> certificate_show(const Command&);
Result<int> recover(const Command&);
Result<int> backup(const Command&);
Result<int> restore(const Command&);
Result<int> audit_show(const Command&);
Result<int> audit_export(const Command&);
Result<int> audit_prove(const Command&);
Result<int> audit_verify(const Command&);
Result<int> audit_rotate_key(const Command&);
Result<int> audit_replace_key(const Command&);

}  // namespace sealroom::cli
