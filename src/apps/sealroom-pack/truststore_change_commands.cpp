#include <cstdio>

#include <fmt/format.h>

#include "change_truststore.hpp"
#include "input_files.hpp"
#include "sealroom/base/text.hpp"
#include "trust_arguments.hpp"

namespace sealroom::pack {
namespace {

void add_changing_options(options::options_description& known) {
  auto add = known.add_options();
  add("store", options::value<std::string>()->value_name("STORE")->required(),
      "the truststore that is changed (also without --store)");
  add("store-password-from", options::value<std::string>()->value_name("PASSWORD")->default_value("prompt"),
      "its password, which stays");
  add("help", "show this");
}

options::positional_options_description store_first() {
  options::positional_options_description positional;
  positional.add("store", 1);
  return positional;
}

Result<TruststoreChange> understand(const options::variables_map& given, Instant now) {
  TruststoreChange change;
  change.file = text_of(given, "store");
  auto password = parse_password_source("store-password-from", text_of(given, "store-password-from"));
  if (!password) return pass_on(password);
  change.password = std::move(*password);
  auto created = entry_time(now);
  if (!created) return pass_on(created);
  change.created = *created;
  return change;
}

Outcome perform(const TruststoreChange& change, Instant now) {
  auto changed = change_truststore(change, now);
  if (!changed) return pass_on(changed);
  if (!changed->findings.empty()) return std::move(changed->findings);
  fmt::print("{}: changed and read back\n", printable(change.file));
  fmt::print("  type     {}\n", name_of(changed->type));
  for (const auto& [alias, path] : change.add) fmt::print("  added    {}\n", alias);
  for (const auto& alias : change.remove) fmt::print("  removed  {}\n", ascii_lower(printable(alias)));
  fmt::print("  {} {} unchanged\n", changed->kept, changed->kept == 1 ? "other entry is" : "other entries are");
  return Findings{};
}

}  // namespace

Outcome run_truststore_add(const Arguments& arguments) {
  options::options_description known("Options", kHelpWidth, kHelpWidth / 2);
  add_trust_options(known);
  add_changing_options(known);
  auto given = parse_arguments(arguments, known, store_first());
  if (!given) return pass_on(given);
  if (showed_help(*given, "truststore add STORE --entry ALIAS=CERT... [OPTION]...", known)) return Findings{};
  const Instant now = SystemClock().now();
  auto change = understand(*given, now);
  if (!change) return pass_on(change);
  auto entries = parse_entries(*given);
  if (!entries) return pass_on(entries);
  change->add = std::move(*entries);
  change->kind = trust_kind(*given);
  return perform(*change, now);
}

Outcome run_truststore_remove(const Arguments& arguments) {
  options::options_description known("Options", kHelpWidth, kHelpWidth / 2);
  known.add_options()("alias", options::value<std::vector<std::string>>()->value_name("ALIAS")->composing()->required(),
                      "an entry that goes, in any case; as often as needed");
  add_changing_options(known);
  auto given = parse_arguments(arguments, known, store_first());
  if (!given) return pass_on(given);
  if (showed_help(*given, "truststore remove STORE --alias ALIAS... [OPTION]...", known)) return Findings{};
  const Instant now = SystemClock().now();
  auto change = understand(*given, now);
  if (!change) return pass_on(change);
  change->remove = (*given)["alias"].as<std::vector<std::string>>();
  return perform(*change, now);
}

}  // namespace sealroom::pack
