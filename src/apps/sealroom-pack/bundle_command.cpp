#include <cstdio>

#include <fmt/format.h>

#include "arguments.hpp"
#include "bundle.hpp"
#include "input_files.hpp"
#include "sealroom/base/text.hpp"

namespace sealroom::pack {
namespace {

options::options_description known_options() {
  const auto text = [](const char* value) { return options::value<std::string>()->value_name(value); };
  options::options_description known("Options", kHelpWidth, kHelpWidth / 2);
  auto add = known.add_options();
  add("out", text("DIR")->required(), "the new directory; nothing is overwritten");
  add("issued", text("DIR")->required(), "the export that holds all the certificates: issued/BATCH");
  add("description", text("FILE")->required(), "who gets what (YAML; docs/packing.md)");
  add("type", text("TYPE")->default_value("jks"), "of the stores: jks or pkcs12");
  add("with-intermediates", "truststores also hold intermediates: for peers that send their certificate alone");
  add("umh-values", "also umh/values.yaml, with the clients as services");
  add("help", "show this");
  return known;
}

// Texts of the description stand in files that other programs and shells read.
Result<Done> check_description(const BundleDescription& description, bool umh_values) {
  if (umh_values && description.clients.empty()) {
    return fail(ErrorKind::Usage, "--umh-values: there are no clients, so there is no truststore to put into them");
  }
  if (description.path.starts_with("/")) return Done{};
  return fail(ErrorKind::Usage, fmt::format("path '{}': is not absolute", printable(description.path)),
              "HiveMQ takes another path as below its home");
}

Result<BundleRequest> understand(const options::variables_map& given, Instant now) {
  BundleRequest request;
  request.issued = text_of(given, "issued");
  const auto type = text_of(given, "type");
  auto parsed = parse_store_type(type);
  if (!parsed) return pass_on(parsed);
  request.type = *parsed;
  if (given.count("with-intermediates") != 0) request.intermediates = Intermediates::Include;
  request.umh_values = given.count("umh-values") != 0;
  auto created = entry_time(now);
  if (!created) return pass_on(created);
  request.created = *created;
  auto description = read_description(text_of(given, "description"));
  if (!description) return pass_on(description);
  auto fit = check_description(*description, request.umh_values);
  if (!fit) return pass_on(fit);
  request.description = std::move(*description);
  return request;
}

void announce(const BundleRequest& request, const std::string& out) {
  fmt::print("{}: written\n", printable(out));
  fmt::print("  broker/ for {}\n", printable(request.description.host));
  for (const auto& client : request.description.clients) fmt::print("  clients/{}/\n", client.name);
  if (request.umh_values) fmt::print("  umh/values.yaml\n");
  fmt::print("  README.md says what goes where; stores and passwords are new, and readable by you only\n");
}

}  // namespace

Outcome run_bundle(const Arguments& arguments) {
  const auto known = known_options();
  options::positional_options_description positional;
  positional.add("out", 1);
  auto given = parse_arguments(arguments, known, positional);
  if (!given) return pass_on(given);
  if (showed_help(*given, "bundle DIR --issued DIR --description FILE [OPTION]...", known)) return Findings{};
  const Instant now = SystemClock().now();
  auto request = understand(*given, now);
  if (!request) return pass_on(request);
  const auto out = text_of(*given, "out");
  auto directory = StagedDirectory::create(out);
  if (!directory) return pass_on(directory);
  auto findings = make_bundle(*request, *directory, now);
  if (!findings) return pass_on(findings);
  if (!findings->empty()) return std::move(*findings);
  auto published = std::move(*directory).publish();
  if (!published) return pass_on(published);
  announce(*request, out);
  return Findings{};
}

}  // namespace sealroom::pack
