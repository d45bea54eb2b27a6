#include "arguments.hpp"

#include <iostream>

#include <fmt/format.h>

#include "input_files.hpp"
#include "sealroom/base/text.hpp"

namespace sealroom::pack {
namespace {

// An option that carries a password would be read by every user of the machine in /proc/PID/cmdline. The value is not
// repeated here: error messages are kept, too.
Result<Done> refuse_passwords(const Arguments& arguments, const options::options_description& known) {
  for (const auto& argument : arguments) {
    if (!argument.starts_with("-")) continue;
    const auto name = argument.substr(0, argument.find('='));
    const bool about_passwords = name.find("pass") != std::string::npos || name.find("pwd") != std::string::npos;
    if (about_passwords && known.find_nothrow(name.substr(name.find_first_not_of('-')), false) == nullptr) {
      return fail(ErrorKind::Usage, fmt::format("{}: passwords are not taken on the command line", printable(name)),
                  "use --store-password-from prompt | file:PATH | fd:N | env:NAME | generate:PATH");
    }
  }
  return Done{};
}

std::unexpected<Error> usage(std::string_view reason) {
  return fail(ErrorKind::Usage, printable(reason), "--help lists the options of the command");
}

}  // namespace

Result<options::variables_map> parse_arguments(const Arguments& arguments, const options::options_description& known,
                                               const options::positional_options_description& positional) {
  auto refused = refuse_passwords(arguments, known);
  if (!refused) return pass_on(refused);
  try {
    using namespace options::command_line_style;
    const int style = unix_style & ~allow_guessing;
    options::variables_map given;
    auto parser = options::command_line_parser(arguments).options(known).positional(positional).style(style);
    options::store(parser.run(), given);
    if (given.count("help") == 0) options::notify(given);  // --help needs nothing else
    return given;
  } catch (const options::unknown_option& error) {
    // Without its value, which may be what should have stayed secret.
    const auto name = error.get_option_name();
    return usage(fmt::format("unrecognised option '{}'", name.substr(0, name.find('='))));
  } catch (const options::error& error) {
    return usage(error.what());
  }
}

bool showed_help(const options::variables_map& given, const char* text, const options::options_description& known) {
  if (given.count("help") == 0) return false;
  std::cout << "usage: sealroom-pack " << text << "\n\n"
            << known
            << "\nPASSWORD is one of: prompt, file:PATH (a file that only you can read), fd:N, env:NAME,\n"
               "and for a new one generate:PATH (made here and left in the new file PATH).\n";
  std::cout.flush();
  return true;
}

std::string text_of(const options::variables_map& given, const char* name) {
  return given.count(name) == 0 ? std::string() : given[name].as<std::string>();
}

void add_output_options(options::options_description& known) {
  auto add = known.add_options();
  add("out", options::value<std::string>()->value_name("FILE")->required(), "the new file; nothing is overwritten");
  add("force", "replace the file at --out; until the new one is complete, the old one stays");
  add("help", "show this");
}

IfExists if_exists(const options::variables_map& given) {
  return given.count("force") != 0 ? IfExists::Replace : IfExists::Refuse;
}

void add_writing_options(options::options_description& known) {
  const auto text = [] { return options::value<std::string>(); };
  auto add = known.add_options();
  add("type", text()->value_name("TYPE")->default_value("jks"),
      "jks: what HiveMQ asks Java for; pkcs12: AES-256 and PBKDF2, for every Java since 8u301");
  add("store-password-from", text()->value_name("PASSWORD")->default_value("prompt"), "password of the new store");
  add("allow-weak-password", "accept new passwords that are easy to guess, from 6 characters on (for trials)");
  add_output_options(known);
}

Result<StoreType> parse_store_type(std::string_view type) {
  if (type == "jks") return StoreType::Jks;
  if (type == "pkcs12") return StoreType::Pkcs12;
  return fail(ErrorKind::Usage, fmt::format("--type {}: is not a type of store", printable(type)),
              "use jks (what HiveMQ asks Java for) or pkcs12 (stronger)");
}

Result<NewStore> new_store(const options::variables_map& given, Instant now) {
  NewStore store;
  store.out = text_of(given, "out");
  auto type = parse_store_type(text_of(given, "type"));
  if (!type) return pass_on(type);
  store.type = *type;
  auto password = parse_password_source("store-password-from", text_of(given, "store-password-from"));
  if (!password) return pass_on(password);
  store.password = std::move(*password);
  if (given.count("allow-weak-password") != 0) store.weak = WeakPasswords::Allow;
  store.if_exists = if_exists(given);
  auto created = entry_time(now);
  if (!created) return pass_on(created);
  store.created = *created;
  return store;
}

}  // namespace sealroom::pack
