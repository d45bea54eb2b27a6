#pragma once

#include <boost/program_options.hpp>

#include "command.hpp"
#include "packing.hpp"

namespace sealroom::pack {

namespace options = boost::program_options;

inline constexpr unsigned kHelpWidth = 110;

// The values of `arguments` by the table `known`, which needs a flag "help". Errors (Usage): unknown, abbreviated,
// repeated or missing options, and anything that looks like a password on the command line.
Result<options::variables_map> parse_arguments(const Arguments& arguments, const options::options_description& known,
                                               const options::positional_options_description& positional = {});

// Whether --help was given; then `usage` and the options have been printed.
bool showed_help(const options::variables_map& given, const char* usage, const options::options_description& known);

// The value of a string option; empty when it was not given.
std::string text_of(const options::variables_map& given, const char* name);

// What --type says. Errors (Usage): a type of store that is not written.
Result<StoreType> parse_store_type(std::string_view type);

// Where a new file goes: --out and --force, and --help.
void add_output_options(options::options_description& known);
IfExists if_exists(const options::variables_map& given);

// The options that both writing commands have: --out, --type, --force, --store-password-from, --allow-weak-password,
// --help.
void add_writing_options(options::options_description& known);

// What they say. Errors (Usage): a --type that is not written, a source of passwords that is none, SOURCE_DATE_EPOCH.
Result<NewStore> new_store(const options::variables_map& given, Instant now);

}  // namespace sealroom::pack
