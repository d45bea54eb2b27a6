#include <algorithm>
#include <cstdio>

#include <fmt/format.h>

#include "arguments.hpp"
#include "sealroom/base/text.hpp"
#include "umh_values.hpp"

namespace sealroom::pack {
namespace {

options::options_description known_options() {
  const auto text = [](const char* value) { return options::value<std::string>()->value_name(value); };
  const auto password = [&] { return text("PASSWORD")->default_value("prompt"); };
  options::options_description known("Options", kHelpWidth, kHelpWidth / 2);
  auto add = known.add_options();
  add("keystore", text("FILE")->required(), "the broker's keystore");
  add("store-password-from", password(), "the keystore's password");
  add("truststore", text("FILE")->required(), "the broker's truststore");
  add("truststore-password-from", password(), "the truststore's password");
  add("service", options::value<std::vector<std::string>>()->value_name("NAME=CERT,KEY")->composing(),
      "a microservice: its certificate with the intermediates behind it (NAME.chain.pem), and its private key");
  add("key-password-from", password(), "opens encrypted keys; in the values keys stand open, as services read them");
  add_output_options(known);
  return known;
}

Result<UmhServiceFiles> parse_service(const std::string& text) {
  const auto equals = text.find('=');
  const auto comma = equals == std::string::npos ? std::string::npos : text.find(',', equals);
  if (comma == std::string::npos || comma == equals + 1 || comma + 1 == text.size()) {
    return fail(ErrorKind::Usage, fmt::format("--service '{}': is not NAME=CERT,KEY", printable(text)),
                "for example --service factoryinput=factoryinput.chain.pem,factoryinput.key.pem");
  }
  UmhServiceFiles service;
  service.name = text.substr(0, equals);
  service.certificate = text.substr(equals + 1, comma - equals - 1);
  service.key = text.substr(comma + 1);
  if (!is_service_name(service.name)) {
    return fail(ErrorKind::Usage, fmt::format("--service '{}': is not the name of a service", printable(service.name)),
                "a letter first, then letters, digits, '-' and '_', at most 63 in all");
  }
  return service;
}

Result<UmhRequest> understand(const options::variables_map& given) {
  UmhRequest request;
  request.keystore = text_of(given, "keystore");
  request.truststore = text_of(given, "truststore");
  PasswordSource key_password;
  for (const auto& [option, source] : {std::pair{"store-password-from", &request.keystore_password},
                                       std::pair{"truststore-password-from", &request.truststore_password},
                                       std::pair{"key-password-from", &key_password}}) {
    auto parsed = parse_password_source(option, text_of(given, option));
    if (!parsed) return pass_on(parsed);
    *source = *parsed;
  }
  if (given.count("service") == 0) return request;
  for (const auto& text : given["service"].as<std::vector<std::string>>()) {
    auto service = parse_service(text);
    if (!service) return pass_on(service);
    if (std::ranges::find(request.services, service->name, &UmhServiceFiles::name) != request.services.end()) {
      return fail(ErrorKind::Usage, fmt::format("--service {}: is given twice", service->name));
    }
    service->key_password = key_password;
    request.services.push_back(std::move(*service));
  }
  return request;
}

}  // namespace

Outcome run_umh_values(const Arguments& arguments) {
  const auto known = known_options();
  auto given = parse_arguments(arguments, known);
  if (!given) return pass_on(given);
  if (showed_help(*given, "umh-values --keystore FILE --truststore FILE --out FILE [OPTION]...", known)) {
    return Findings{};
  }
  const auto out = text_of(*given, "out");
  auto free = check_free(out, if_exists(*given));
  if (!free) return pass_on(free);
  auto request = understand(*given);
  if (!request) return pass_on(request);
  auto verdict = collect_umh_values(*request, SystemClock().now());
  if (!verdict) return pass_on(verdict);
  if (!verdict->findings.empty()) return std::move(verdict->findings);
  auto yaml = umh_values_yaml(verdict->values);
  if (!yaml) return pass_on(yaml);
  auto written = write_staged(out, yaml->view(), kUmhValuesMode, if_exists(*given));
  if (!written) return pass_on(written);
  fmt::print("{}: written, mode 0600\n", printable(out));
  fmt::print("  it holds the broker's key{}, and the passwords beside them: whoever reads it can be all of them\n",
             request->services.empty() ? "" : " and the open keys of the services");
  fmt::print("  helm takes it beside your own values.yaml: helm upgrade ... -f values.yaml -f {}\n", printable(out));
  return Findings{};
}

}  // namespace sealroom::pack
