#include "sealroom/policy/configuration.hpp"

#include <catch2/catch.hpp>

#include "sealroom/crypto/crypto.hpp"
#include "support/reviewed_files.hpp"

using namespace sealroom;
using namespace sealroom::testing;

namespace {

// The template as `sealroom init --softhsm` fills it in.
std::string trial_settings() {
  std::string text = edited(settings_template(), "@MODULE@", "\"/usr/lib/softhsm/libsofthsm2.so\"");
  text = edited(text, "@ORIGIN@", "\"log.example\"");
  return edited(text, "@TRIAL@",
                "\ntrial:\n  softhsm_config: softhsm2.conf\n  pins:\n    sealroom-root: pins/sealroom-root.pin\n"
                "    sealroom-log: pins/sealroom-log.pin\n");
}

const std::string kSettings = trial_settings();

std::vector<ConfigurationFile> files(const std::string& settings) {
  return {{"sealroom.yaml", settings},
          {"issuers/root.cnf", reviewed_file("issuers/root.cnf")},
          {"issuers/intermediate.cnf", reviewed_file("issuers/intermediate.cnf")}};
}

Configuration good(std::vector<ConfigurationFile> all) {
  auto configuration = Configuration::load(std::move(all));
  if (!configuration) throw std::runtime_error(configuration.error().message);
  return std::move(*configuration);
}

std::string refusal(std::vector<ConfigurationFile> all) {
  const auto configuration = Configuration::load(std::move(all));
  if (configuration) return "accepted";
  CHECK(configuration.error().kind == ErrorKind::Usage);
  return configuration.error().message;
}

}  // namespace

TEST_CASE("the template, filled in, has the guide's profiles") {
  const auto configuration = good(files(kSettings));
  CHECK(configuration.module() == "/usr/lib/softhsm/libsofthsm2.so");
  CHECK(configuration.softhsm_config() == "softhsm2.conf");
  CHECK(configuration.trial_pins() == std::map<std::string, std::string>{{"sealroom-log", "pins/sealroom-log.pin"},
                                                                         {"sealroom-root", "pins/sealroom-root.pin"}});
  CHECK(configuration.log_key() == "pkcs11:token=sealroom-log;object=log-key;type=private");
  CHECK(configuration.log_origin() == "log.example");
  REQUIRE(configuration.issuers().size() == 2);
  REQUIRE(configuration.issuer("root") != nullptr);
  CHECK(configuration.issuer("other") == nullptr);
  CHECK(configuration.issuer("root")->profiles.size() == 2);
  const Profile* own = configuration.profile("root", "v3_ca");
  REQUIRE(own != nullptr);
  CHECK(own->own_certificate);
  CHECK(own->purpose == Purpose::Ca);
  CHECK(own->days == 3652);
  const Profile* ca = configuration.profile("root", "v3_intermediate_ca");
  REQUIRE(ca != nullptr);
  CHECK_FALSE(ca->own_certificate);
  CHECK(ca->days == 3650);
  const Profile* server = configuration.profile("intermediate", "server_cert");
  REQUIRE(server != nullptr);
  CHECK(server->section == "server_cert");
  CHECK(server->purpose == Purpose::Server);
  CHECK(server->days == 365);
  CHECK(server->maximum_days == 365);
  CHECK(server->past_issuer == PastIssuer::Refuse);
  CHECK(server->unknown_extensions == UnknownExtensions::Refuse);
  CHECK(server->wildcards == Wildcards::Refuse);
  const Profile* client = configuration.profile("intermediate", "client_cert");
  REQUIRE(client != nullptr);
  CHECK(client->purpose == Purpose::Client);
  CHECK(client->days == 375);
  CHECK(configuration.profile("intermediate", "v3_ca") == nullptr);
  CHECK(configuration.profile("other", "v3_ca") == nullptr);
  CHECK(configuration.idle_lock() == std::chrono::minutes{15});
  CHECK(configuration.leaf_plan_validity() == std::chrono::hours{72});
  CHECK(configuration.ca_plan_validity() == std::chrono::hours{720});
  CHECK(configuration.limits().request.octets == 65'536);
  CHECK(configuration.limits().inbox.files == 100'000);
  CHECK(configuration.roles().users.empty());
}

TEST_CASE("the settings that the template shows as comments are the defaults, and are read") {
  std::string text = kSettings;
  for (const std::string line :
       {"roles:", "  users: {1001: operator, 1002: officer}", "  groups: {2001: auditor}", "idle_lock_minutes: 15",
        "plan_validity: {leaf_hours: 72, ca_days: 30}", "limits:", "  request_octets: 65536", "  requests: 100000",
        "  name_entries: 32", "  alternative_names: 100", "  attributes: 16", "  extensions: 32", "  nesting: 16",
        "  request_seconds: 5", "keys:", "  least_rsa_exponent: 65537", "  largest_rsa_bits: 8192",
        "  ed25519: refuse"}) {
    text = edited(text, "# " + line, line);
  }
  const auto configuration = good(files(text));
  const Configuration plain = good(files(kSettings));
  CHECK(configuration.roles().users == std::map<std::uint32_t, Role>{{1001, Role::Operator}, {1002, Role::Officer}});
  CHECK(configuration.roles().groups == std::map<std::uint32_t, Role>{{2001, Role::Auditor}});
  CHECK(configuration.idle_lock() == plain.idle_lock());
  CHECK(configuration.leaf_plan_validity() == plain.leaf_plan_validity());
  CHECK(configuration.ca_plan_validity() == plain.ca_plan_validity());
  const RequestLimits& limits = configuration.limits().request;
  const RequestLimits& defaults = plain.limits().request;
  CHECK(std::tie(limits.octets, limits.name_entries, limits.alternative_names, limits.attributes, limits.extensions,
                 limits.nesting, limits.time) == std::tie(defaults.octets, defaults.name_entries,
                                                          defaults.alternative_names, defaults.attributes,
                                                          defaults.extensions, defaults.nesting, defaults.time));
  CHECK(configuration.keys().least_rsa_exponent == plain.keys().least_rsa_exponent);
  CHECK(configuration.keys().largest_rsa_bits == plain.keys().largest_rsa_bits);
  CHECK(configuration.keys().ed25519 == plain.keys().ed25519);
  CHECK(plain.keys().debian_weak_keys == nullptr);
  CHECK(configuration.limits().inbox.files == plain.limits().inbox.files);
  CHECK(configuration.limits().inbox.octets_per_file == plain.limits().inbox.octets_per_file);
}

TEST_CASE("settings other than the defaults reach their places") {
  const auto configuration = good(files(
      edited(edited(kSettings, "server_cert: {purpose: server, days: 365}",
                    "broker: {purpose: server, section: server_cert, days: 90, maximum_days: 397, past_issuer: cut, "
                    "unknown_extensions: drop, wildcards: allow, approvals: 0}"),
             "# Who may do",
             "limits: {request_octets: 2048, requests: 7, name_entries: 8, alternative_names: 9, attributes: 11, "
             "extensions: 12, nesting: 10, request_seconds: 13}\n"
             "keys: {least_rsa_exponent: 3, largest_rsa_bits: 4096, ed25519: allow}\n"
             "idle_lock_minutes: 1\nplan_validity: {leaf_hours: 2, ca_days: 3}\n#")));
  const Profile* broker = configuration.profile("intermediate", "broker");
  REQUIRE(broker != nullptr);
  CHECK(broker->name == "broker");
  CHECK(broker->section == "server_cert");
  CHECK(broker->days == 90);
  CHECK(broker->maximum_days == 397);
  CHECK(broker->past_issuer == PastIssuer::Cut);
  CHECK(broker->unknown_extensions == UnknownExtensions::Drop);
  CHECK(broker->wildcards == Wildcards::Allow);
  const Limits& limits = configuration.limits();
  CHECK(limits.request.octets == 2'048);
  CHECK(limits.inbox.octets_per_file == 2'048);
  CHECK(limits.inbox.files == 7);
  CHECK(limits.request.name_entries == 8);
  CHECK(limits.request.alternative_names == 9);
  CHECK(limits.request.attributes == 11);
  CHECK(limits.request.extensions == 12);
  CHECK(limits.request.nesting == 10);
  CHECK(limits.request.time == std::chrono::seconds{13});
  CHECK(configuration.keys().least_rsa_exponent == 3);
  CHECK(configuration.keys().largest_rsa_bits == 4'096);
  CHECK(configuration.keys().ed25519 == Ed25519Keys::Allow);
  CHECK(configuration.idle_lock() == std::chrono::minutes{1});
  CHECK(configuration.leaf_plan_validity() == std::chrono::hours{2});
  CHECK(configuration.ca_plan_validity() == std::chrono::hours{72});
}

TEST_CASE("the modern set has a section for RSA keys and wants common names to be listed") {
  std::string text = edited(settings_template("issuers-modern"), "@MODULE@", "/usr/lib/vendor.so");
  text = edited(edited(text, "@ORIGIN@", "log.example"), "@TRIAL@", "");
  const auto configuration = good({{"sealroom.yaml", text},
                                   {"issuers/root.cnf", reviewed_file("issuers-modern/root.cnf")},
                                   {"issuers/intermediate.cnf", reviewed_file("issuers-modern/intermediate.cnf")}});
  const Profile* server = configuration.profile("intermediate", "server_cert");
  REQUIRE(server != nullptr);
  CHECK(server->section_of(KeyType::Rsa) == "server_cert_rsa");
  CHECK(server->section_of(KeyType::EcP256) == "server_cert");
  CHECK(server->common_name == CommonName::Listed);
  CHECK(server->names == std::set{NameKind::Dns, NameKind::Ip});
  const Profile* client = configuration.profile("intermediate", "client_cert");
  REQUIRE(client != nullptr);
  CHECK(client->common_name == CommonName::Any);
  CHECK(client->names.size() == 4);
}

TEST_CASE("the names that an issuer may give are read as constraints") {
  const auto configuration = good(files(edited(
      kSettings, "  intermediate:\n",
      "  intermediate:\n    permitted_names: {dns: [example.com], ip: [10.0.0.0/8, \"fd00::/9\", 192.0.2.7/32],\n"
      "                      email: [a@example.com, .example.com], uri: [example.com]}\n")));
  CHECK(configuration.issuer("root")->permitted.bounds_nothing());
  const PermittedNames& names = configuration.issuer("intermediate")->permitted;
  CHECK(names.dns == std::vector<std::string>{"example.com"});
  REQUIRE(names.ip.size() == 3);
  CHECK(names.ip[0] == Bytes{10, 0, 0, 0, 255, 0, 0, 0});
  CHECK(to_hex(names.ip[1]) == "fd" + std::string(30, '0') + "ff80" + std::string(28, '0'));
  CHECK(names.ip[2] == Bytes{192, 0, 2, 7, 255, 255, 255, 255});
  CHECK(names.email == std::vector<std::string>{"a@example.com", ".example.com"});
  CHECK(names.uri == std::vector<std::string>{"example.com"});
}

TEST_CASE("permitted names that name nothing or too much are refused") {
  const auto [list, says] = GENERATE(table<std::string, std::string>({
      {"dns: []", "dns under permitted_names is empty"},
      {"dns: [.example.com]", "\".example.com\" under dns is not a domain"},
      {"dns: ['*.example.com']", "is not a domain"},
      {"dns: [exa_mple.com]", "is not a domain"},
      {"dns: example.com", "dns must be a list"},
      {"ip: [10.0.0.1/8]", "\"10.0.0.1/8\" under ip is not a range"},
      {"ip: [10.0.0.0]", "ip must be a text"},
      {"ip: [10.0.0.0/33]", "is not a range"},
      {"ip: [10.0.0.0/08]", "is not a range"},
      {"email: ['@example.com']", "is not a mailbox"},
      {"uri: [http://example.com]", "is not a host"},
      {"host: [example.com]", "unknown key host in permitted_names"},
  }));
  CAPTURE(list);
  CHECK_THAT(
      refusal(files(edited(kSettings, "  intermediate:\n", "  intermediate:\n    permitted_names: {" + list + "}\n"))),
      Catch::Contains(says));
}

TEST_CASE("a home without trial settings has none") {
  std::string text = edited(settings_template(), "@MODULE@", "/usr/lib/vendor.so");
  text = edited(edited(text, "@ORIGIN@", "log.example"), "@TRIAL@", "");
  const auto configuration = good(files(text));
  CHECK(configuration.softhsm_config().empty());
  CHECK(configuration.trial_pins().empty());
}

TEST_CASE("the digest covers every name and octet, and no order of giving") {
  const Digest digest = good(files(kSettings)).digest();
  auto reordered = files(kSettings);
  std::swap(reordered[0], reordered[2]);
  CHECK(good(reordered).digest() == digest);
  CHECK(good(files(kSettings + "# more\n")).digest() != digest);

  std::string framed;
  for (const std::string name : {"issuers/intermediate.cnf", "issuers/root.cnf", "sealroom.yaml"}) {
    const std::string text = name == "sealroom.yaml" ? kSettings : reviewed_file(name);
    framed += name + '\0' + std::to_string(text.size()) + '\0' + text;
  }
  CHECK(digest == sha256(as_bytes(framed)));
}

namespace {

struct Edit {
  const char* from;
  const char* to;
  const char* says;
};

}  // namespace

TEST_CASE("each mistake in the settings is refused with its reason") {
  const auto edit = GENERATE(values<Edit>({
      {"sealroom: 1", "sealroom: 2", "sealroom must be a plain number from 1 to 1"},
      {"sealroom: 1", "sealrom: 1", "unknown key sealrom in sealroom.yaml"},
      {"sealroom: 1", "sealroom: 1\nsealroom: 1", "key sealroom stands twice"},
      {"sealroom: 1", "#", "sealroom.yaml lacks sealroom"},
      {"module: ", "#", "sealroom.yaml lacks module"},
      {"\"/usr/lib/softhsm/libsofthsm2.so\"", "libsofthsm2.so", "module must be an absolute path"},
      {"\"/usr/lib/softhsm/libsofthsm2.so\"", "", "module must be a text"},
      {"softhsm_config: softhsm2.conf", "softhsm_config: /etc/softhsm2.conf",
       "softhsm_config must be a path in the home"},
      {"softhsm_config: softhsm2.conf", "softhsm_conf: softhsm2.conf", "unknown key softhsm_conf in trial"},
      {"pins/sealroom-log.pin", "pins/../../x", "pin file of sealroom-log must be a path in the home"},
      {"pins/sealroom-log.pin", "\"\"", "pin file of sealroom-log must be a path in the home"},
      {"origin: \"log.example\"", "origin: log example", "origin must be"},
      {"origin: \"log.example\"", "origin: log+example", "origin must be"},
      {"origin: \"log.example\"", "origin: \"\"", "origin must be"},
      {"origin: \"log.example\"", "origin: 5", "origin must be a text"},
      {"origin: \"log.example\"", "", "log lacks origin"},
      {"\"pkcs11:token=sealroom-log;object=log-key;type=private\"", "file:key.pem", "log key must be a PKCS#11 URI"},
      {"pkcs11:token=sealroom-log;object=log-key", "pkcs11:token=sealroom-root;object=root-key",
       "private_key is the key of log, too"},
      {"issuers:\n  root:", "issuers: {}\nroles:\n  root:", "issuers names no issuer"},
      {"  root:\n", "  roots:\n", "issuer roots lacks its file issuers/roots.cnf"},
      {"  root:\n", "  r.t:\n", "r.t cannot be the name of an issuer"},
      {"  root:\n", "  -root:\n", "-root cannot be the name of an issuer"},
      {"  root:\n", "  log:\n", "an issuer log is taken"},
      {"  root:\n", "  CA:\n", "an issuer CA is taken"},
      {"  root:\n", "  audit:\n", "an issuer audit is taken"},
      {"  root:\n", "  root:\n    key: x\n", "unknown key key in issuer root"},
      {"v3_intermediate_ca: {", "V3_CA: {section: v3_intermediate_ca, ", "a profile V3_CA is taken"},
      {"server_cert: {", "\"server cert\": {", "server cert cannot be the name of a profile"},
      {"server_cert: {", "server_crt: {", "profile server_crt: issuers/intermediate.cnf has no section of extensions"},
      {"server_cert: {", "server_cert: {section: policy_loose, ", "has no section of extensions [policy_loose]"},
      {"server_cert: {", "server_cert: {section: crl_ext, ", "extendedKeyUsage lacks serverAuth"},
      {"server_cert: {", "server_cert: {section: v3_ca, ", "makes a CA: basicConstraints says CA:TRUE"},
      {"server_cert: {", "server_cert: {section: client_cert, ", "makes no server: extendedKeyUsage lacks serverAuth"},
      {"client_cert: {", "client_cert: {section: server_cert, ", "makes no client: extendedKeyUsage lacks clientAuth"},
      {"purpose: server", "purpose: ca", "makes no CA: basicConstraints lacks CA:TRUE"},
      {"purpose: ca, days: 3650", "purpose: server, days: 3650", "makes a CA: basicConstraints says CA:TRUE"},
      {"purpose: server", "purpose: Server", "purpose is \"Server\" and must be one of ca, server, client"},
      {"purpose: server, ", "", "profile server_cert lacks purpose"},
      {", days: 365}", "}", "profile server_cert lacks days"},
      {"days: 365}", "days: 0}", "days must be a plain number from 1 to 36525"},
      {"days: 365}", "days: 0365}", "days must be a plain number"},
      {"days: 365}", "days: \"365\"}", "days must be a plain number"},
      {"days: 365}", "days: 365, maximum_days: 364}", "maximum_days must be a plain number from 365 to 36525"},
      {"days: 365}", "days: 365, approvals: 1}", "approvals must be 0: this version has no approvals"},
      {"days: 365}", "days: 365, approvals: none}", "approvals must be 0"},
      {"days: 365}", "days: 365, past_issuer: shorten}", "past_issuer is \"shorten\" and must be one of refuse, cut"},
      {"days: 365}", "days: 365, unknown_extensions: keep}", "must be one of refuse, drop"},
      {"days: 365}", "days: 365, wildcards: yes}", "wildcards must be a text"},
      {"days: 365}", "days: 365, section_for: {rsa: client_cert}}", "makes no server: extendedKeyUsage lacks"},
      {"days: 365}", "days: 365, section_for: {rsa: nowhere}}", "has no section of extensions [nowhere]"},
      {"days: 365}", "days: 365, section_for: {dsa: server_cert}}", "unknown key dsa in section_for"},
      {"days: 3652}", "days: 3652, section_for: {rsa: v3_ca}}", "section_for is not for the issuer's own certificate"},
      {"days: 365}", "days: 365, names: [dns, x400]}", "names is \"x400\" and must be one of dns, ip, email, uri"},
      {"days: 365}", "days: 365, names: [dns, dns]}", "names has dns twice"},
      {"days: 365}", "days: 365, common_name: required}", "must be one of any, listed"},
      {"days: 365}", "days: 365, wildcard: allow}", "unknown key wildcard in profile server_cert"},
      {"# Who may do", "roles: {users: {alice: officer}}\n#", "alice under users must be a numeric id above 0"},
      {"# Who may do", "roles: {users: {0: officer}}\n#", "0 under users must be a numeric id above 0"},
      {"# Who may do", "roles: {users: {01: officer}}\n#", "01 under users must be a numeric id"},
      {"# Who may do", "roles: {groups: {4294967295: officer}}\n#", "under groups must be a numeric id"},
      {"# Who may do", "roles: {groups: {7: boss}}\n#",
       "role is \"boss\" and must be one of auditor, operator, officer, admin"},
      {"# Who may do", "roles: {user: {}}\n#", "unknown key user in roles"},
      {"# Who may do", "idle_lock_minutes: 0\n#", "idle_lock_minutes must be a plain number from 1 to 1440"},
      {"# Who may do", "plan_validity: {leaf_days: 1}\n#", "unknown key leaf_days in plan_validity"},
      {"# Who may do", "limits: {request_octets: 1000000}\n#",
       "request_octets must be a plain number from 1024 to 524288"},
      {"# Who may do", "limits: {nesting: 7}\n#", "nesting must be a plain number from 8 to 64"},
      {"# Who may do", "limits: {attributes: 0}\n#", "attributes must be a plain number from 1 to 250"},
      {"# Who may do", "limits: {extensions: 251}\n#", "extensions must be a plain number from 1 to 250"},
      {"# Who may do", "limits: {request_seconds: 0}\n#", "request_seconds must be a plain number from 1 to 600"},
      {"# Who may do", "keys: {least_rsa_exponent: 2}\n#", "least_rsa_exponent must be a plain number from 3"},
      {"# Who may do", "keys: {largest_rsa_bits: 16385}\n#", "largest_rsa_bits must be a plain number from 2048"},
      {"# Who may do", "keys: {ed25519: yes}\n#", "ed25519"},
      {"# Who may do", "keys: {dsa: allow}\n#", "dsa"},
      {"# Who may do", "keys: {debian_weak_keys: {file: weak}}\n#", "sha256"},
      {"# Who may do", "keys: {debian_weak_keys: {file: ../weak, sha256: a}}\n#", "file must be a path in the home"},
      {"# Who may do", "keys: {debian_weak_keys: {file: weak, sha256: a}}\n#", "cannot be read without a home"},
      {"# Who may do", "limits: []\n#", "limits must be a mapping"},
  }));
  INFO(edit.from << " -> " << edit.to);
  const auto message = refusal(files(edited(kSettings, edit.from, edit.to)));
  CHECK_THAT(message, Catch::Contains(edit.says));
}

TEST_CASE("errors name the line of the key") {
  CHECK(refusal(files("sealroom: 1\nmodule: /x\nlog: {key: \"pkcs11:token=l\", origin: o.example}\nissuers:\n  root:\n"
                      "    profiles:\n      v3_ca: {purpose: ca, days: 3652}\n      x: {purpose: ca,\n"
                      "          day: 1}\n")) == "sealroom.yaml:9: unknown key day in profile x");
}

TEST_CASE("a missing, surplus or repeated file is refused") {
  CHECK(refusal({}) == "sealroom.yaml is missing");
  auto all = files(kSettings);
  all.push_back({"issuers/old.cnf", reviewed_file("issuers/root.cnf")});
  CHECK(refusal(all) == "issuers/old.cnf: sealroom.yaml names no issuer for this file");
  all.back().name = "issuers/root.cnf";
  CHECK(refusal(all) == "issuers/root.cnf: given twice");
  all = files(kSettings);
  all.pop_back();
  CHECK_THAT(refusal(all), Catch::Contains("issuer intermediate lacks its file issuers/intermediate.cnf"));
}

TEST_CASE("a leaf section that makes a CA is refused by what it makes, however it is written") {
  auto all = files(kSettings);
  const auto with = [&](std::string_view from, std::string_view to) {
    auto changed = all;
    changed[2].text = edited(changed[2].text, from, to);
    return refusal(changed);
  };
  CHECK_THAT(with("basicConstraints       = CA:FALSE", "basicConstraints = @bc\n"),
             Catch::Contains("section [bc] is missing"));
  CHECK_THAT(with("basicConstraints       = CA:FALSE\nnsCertType             = server",
                  "basicConstraints = @constraints\nnsCertType = server"),
             Catch::Contains("section [constraints] is missing"));
  const auto hidden = edited(edited(all[2].text, "basicConstraints       = CA:FALSE\nnsCertType             = server",
                                    "basicConstraints = @constraints\nnsCertType = server"),
                             "[crl_ext]", "[constraints]\nCA = y\n[crl_ext]");
  auto changed = all;
  changed[2].text = hidden;
  CHECK_THAT(refusal(changed), Catch::Contains("makes a CA: basicConstraints says CA:TRUE"));
  CHECK_THAT(with("digitalSignature, keyEncipherment\nextendedKeyUsage       = serverAuth",
                  "digitalSignature, keyCertSign\nextendedKeyUsage       = serverAuth"),
             Catch::Contains("gives rights of a CA"));
  CHECK(with("basicConstraints       = CA:FALSE\nnsCertType             = server", "nsCertType = server") ==
        "accepted");
  CHECK(with("extendedKeyUsage       = serverAuth", "extendedKeyUsage = serverAuth, clientAuth") == "accepted");
}

TEST_CASE("a section whose every certificate would break a rule is refused when it is loaded") {
  const auto with = [](std::size_t file, std::string_view from, std::string_view to) {
    auto changed = files(kSettings);
    changed[file].text = edited(changed[file].text, from, to);
    return refusal(changed);
  };
  constexpr std::size_t kRootFile = 1;
  constexpr std::size_t kIntermediateFile = 2;
  CHECK_THAT(with(kRootFile, "critical, CA:true, pathlen:0", "CA:true, pathlen:0"),
             Catch::Contains("makes a CA whose basicConstraints is not critical"));
  CHECK_THAT(with(kRootFile, "pathlen:0\nkeyUsage               = critical, ", "pathlen:0\nkeyUsage = "),
             Catch::Contains("makes a CA whose keyUsage is not critical"));
  CHECK_THAT(with(kRootFile, "subjectKeyIdentifier   = hash", "subjectKeyIdentifier = none"),
             Catch::Contains("makes a CA without subjectKeyIdentifier"));
  CHECK_THAT(with(kIntermediateFile, "authorityKeyIdentifier = keyid,issuer:always", "authorityKeyIdentifier = none"),
             Catch::Contains("makes certificates without authorityKeyIdentifier"));
  CHECK_THAT(
      with(kIntermediateFile, "extendedKeyUsage       = serverAuth", "extendedKeyUsage = serverAuth, 2.5.29.37.0"),
      Catch::Contains("extendedKeyUsage allows any usage"));
  CHECK_THAT(with(kIntermediateFile, "nsCertType             = server", "nsCertType = server, sslCA"),
             Catch::Contains("nsCertType has rights of a CA"));
}

TEST_CASE("two issuers may not have one key") {
  auto all = files(kSettings);
  all[2].text =
      edited(all[2].text, "token=sealroom-intermediate;object=intermediate-key", "token=sealroom-root;object=root-key");
  CHECK_THAT(refusal(all), Catch::Contains("private_key is the key of intermediate, too"));
}

TEST_CASE("a name is plain when it is safe as a part of a path") {
  CHECK(is_plain_name("a"));
  CHECK(is_plain_name("_A-9"));
  CHECK(is_plain_name(std::string(40, 'x')));
  for (const std::string name : {"", "-a", "a.b", "a/b", "..", "a b", "a\n", "\xC3\xA4"}) {
    CHECK_FALSE(is_plain_name(name));
  }
  CHECK_FALSE(is_plain_name(std::string(41, 'x')));
}

TEST_CASE("purposes and roles are named as the settings name them") {
  CHECK(name_of(Purpose::Ca) == "ca");
  CHECK(name_of(Purpose::Server) == "server");
  CHECK(name_of(Purpose::Client) == "client");
  CHECK(name_of(Role::None) == "none");
  CHECK(name_of(Role::Auditor) == "auditor");
  CHECK(name_of(Role::Operator) == "operator");
  CHECK(name_of(Role::Officer) == "officer");
  CHECK(name_of(Role::Admin) == "admin");
}

TEST_CASE("no edit of good settings crashes the reader") {
  std::size_t accepted = 0;
  for (std::uint64_t seed = 0; seed < 2'000; ++seed) {
    const auto configuration = Configuration::load(files(Mutator(seed).mutate(kSettings)));
    if (configuration) {
      ++accepted;
    } else {
      CHECK_FALSE(configuration.error().message.empty());
    }
  }
  CHECK(accepted > 0);
  CHECK(accepted < 2'000);
}
