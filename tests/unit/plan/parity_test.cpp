#include <fmt/format.h>

#include <random>

#include "plan_fixture.hpp"
#include "sealroom/x509/name.hpp"
#include "sealroom/x509/pem.hpp"
#include "support/run_program.hpp"
#include "support/temporary_directory.hpp"

// The promise of parity: our to-be-signed octets are those of `openssl ca` with the same configuration, request, serial
// and dates; for the root's own certificate those of `openssl req -x509`.
namespace sealroom {
namespace {

using namespace testing;

std::string openssl_time(Instant instant) {
  std::string text = to_rfc3339(instant);
  std::erase_if(text, [](char c) { return c == '-' || c == ':' || c == 'T'; });
  return text;
}

std::string pem_of(const Certificate& certificate) { return to_pem("CERTIFICATE", certificate.der()); }

// One `openssl ca` in a directory of its own, with a copy of a configuration that names this directory.
class OpensslCa {
 public:
  OpensslCa(const IssuerConfig& config, const Certificate* issuer, EVP_PKEY* key) {
    auto text = config.text();
    const auto at = text.find("\ndir ");
    text.replace(at, text.find('\n', at + 1) - at, "\ndir = " + home_.path());
    home_.write("ca.cnf", text);
    home_.write("key.pem", private_key_pem(key));
    home_.write("newcerts/.keep", "");
    if (issuer != nullptr) home_.write("issuer.pem", pem_of(*issuer));
  }

  Certificate issue(const Bytes& request, const std::string& section, const PlannedCertificate& planned) {
    home_.write("request.pem", request_pem(request));
    home_.write("index.txt", "");
    home_.write("serial.txt", to_upper_hex(planned.serial()) + "\n");
    std::vector<std::string> argv{"openssl",     "ca",
                                  "-batch",      "-notext",
                                  "-config",     "ca.cnf",
                                  "-keyfile",    "key.pem",
                                  "-cert",       "issuer.pem",
                                  "-extensions", section,
                                  "-startdate",  openssl_time(planned.validity().not_before),
                                  "-enddate",    openssl_time(planned.validity().not_after),
                                  "-in",         "request.pem",
                                  "-out",        "out.pem"};
    return run(argv);
  }

  Certificate self_sign(int days, const Serial& serial) {
    return run({"openssl", "req", "-x509", "-new", "-config", "ca.cnf", "-key", "key.pem", "-days",
                std::to_string(days), "-set_serial", "0x" + to_upper_hex(serial), "-out", "out.pem"});
  }

 private:
  Certificate run(const std::vector<std::string>& argv) {
    const auto result = run_program(argv, {.directory = home_.path()});
    INFO(result.err);
    REQUIRE(result.exit_code == 0);
    const auto found = read_certificates(as_bytes(home_.read("out.pem")), "out.pem");
    REQUIRE(found);
    return Certificate::parse(found->at(0)).value();
  }

  TemporaryDirectory home_;
};

std::string text_of(const Certificate& certificate) {
  const OwnedBio out(BIO_new(BIO_s_mem()));
  X509_print(out.get(), certificate.get());
  char* text = nullptr;
  const long size = BIO_get_mem_data(out.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

// Issues `request` on both sides and compares.
void compare(OpensslCa& openssl, const Bytes& request, const Rules& rules, EVP_PKEY* signer, const Serial& serial,
             const Wish& wish = {}) {
  const auto planned = plan_for(permit_for(request, rules, wish), serial);
  const auto ours = signed_by(planned, signer);
  const auto theirs = openssl.issue(request, rules.profile->section, planned);
  INFO("ours:\n" << text_of(ours) << "theirs:\n" << text_of(theirs));
  CHECK(to_hex(ours.to_be_signed()) == to_hex(theirs.to_be_signed()));
  REQUIRE(PublicKey::of(signer));
  CHECK(ours.signed_by(*PublicKey::of(signer)));
}

const std::vector<NamePart> kBrokerSubject{{"C", "DE"},     {"ST", "Bavaria"},           {"L", "Landshut"},
                                           {"O", "HiveMQ"}, {"OU", "Customer Services"}, {"CN", "HiveMQ Broker"}};

// Random requests that both sides accept. The seed is fixed: a failure can be run again.
class RequestMaker {
 public:
  explicit RequestMaker(unsigned seed) : random_(seed) {}

  RequestRecipe leaf() {
    auto recipe = base();
    for (const auto& part : std::vector<NamePart>{{"C", "DE"},
                                                  {"ST", "Bayern"},
                                                  {"L", "M\xc3\xbcnchen"},
                                                  {"O", "Example"},
                                                  {"OU", "One"},
                                                  {"OU", "Two"},
                                                  {"emailAddress", "ops@example.com"}}) {
      if (coin()) recipe.subject.push_back(part);
    }
    recipe.subject.push_back({"CN", fmt::format("node-{}", number(100000))});
    std::ranges::shuffle(recipe.subject, random_);
    recipe.extensions = {{"subjectAltName", (coin() ? "critical," : "") + names()}};
    if (coin()) recipe.extensions.push_back({"basicConstraints", "CA:FALSE"});
    if (coin()) recipe.extensions.push_back({"keyUsage", "digitalSignature"});
    if (coin()) recipe.extensions.push_back({"subjectKeyIdentifier", "hash"});
    std::ranges::shuffle(recipe.extensions, random_);
    return recipe;
  }

  RequestRecipe ca() {
    auto recipe = base();
    recipe.subject = {
        {"C", "DE"}, {"ST", "Bavaria"}, {"O", "HiveMQ"}, {"CN", fmt::format("Issuing CA {}", number(1000))}};
    if (coin()) recipe.subject.push_back({"L", "Landshut"});
    if (coin()) recipe.subject.push_back({"OU", "Customer Services"});
    if (coin()) recipe.subject.push_back({"emailAddress", "ca@example.com"});
    std::ranges::shuffle(recipe.subject, random_);
    recipe.extensions.clear();
    if (coin()) recipe.extensions.push_back({"basicConstraints", "critical,CA:TRUE"});
    return recipe;
  }

 private:
  RequestRecipe base() {
    static const std::vector<std::string> kKinds{"rsa:2048", "rsa:3072", "ec:P-256", "ec:P-384", "ec:P-521"};
    RequestRecipe recipe;
    recipe.key = kKinds[number(kKinds.size())];
    recipe.subject.clear();
    return recipe;
  }

  std::string names() {
    std::string text = fmt::format("DNS:host{}.example.com", number(1000));
    const auto more = number(5);
    for (std::size_t i = 0; i < more; ++i) {
      switch (number(4)) {
        case 0: text += fmt::format(",IP:10.{}.{}.{}", number(256), number(256), number(256)); break;
        case 1: text += fmt::format(",IP:2001:db8::{:x}", number(65536)); break;
        case 2: text += ",DNS:localhost"; break;
        default: text += fmt::format(",DNS:xn--bcher-kva-{}.example", number(100));
      }
    }
    return text;
  }

  std::size_t number(std::size_t below) { return std::uniform_int_distribution<std::size_t>(0, below - 1)(random_); }
  bool coin() { return number(2) == 0; }

  std::mt19937 random_;
};

}  // namespace

TEST_CASE("the root's own certificate equals that of openssl req -x509") {
  const std::string kind = GENERATE("rsa:2048", "ec:P-384");
  const TwoTiers made(kind);
  OpensslCa openssl(made.root_config(), nullptr, made.root_key());
  const auto theirs = openssl.self_sign(3652, serial_of(9));
  // openssl req knows no start date, so ours takes its dates from there.
  const Wish wish{.days = {}, .not_before = theirs.not_before(), .not_after = theirs.not_after()};
  const auto permit =
      permit_for(own_request(made.root_config(), kind, 200), made.own_rules(), wish, theirs.not_before());
  CHECK(to_hex(plan_for(permit, serial_of(9)).to_be_signed()) == to_hex(theirs.to_be_signed()));
}

TEST_CASE("the guide's intermediate, broker and client certificates equal those of openssl ca") {
  const std::string kind = GENERATE("rsa:2048", "ec:P-256");
  const TwoTiers made(kind);
  OpensslCa root(made.root_config(), &made.root(), made.root_key());
  OpensslCa intermediate(made.config(), &made.intermediate(), made.key());

  compare(root, own_request(made.config(), kind, 201), made.root_rules(), made.root_key(), serial_of(3));
  const RequestRecipe broker{.key = "rsa:2048",
                             .subject = kBrokerSubject,
                             .extensions = {{"subjectAltName",
                                             "DNS:broker1.hivemq.com,DNS:broker2.hivemq.com,DNS:broker3.hivemq.com,"
                                             "DNS:localhost,IP:127.0.0.1"}}};
  compare(intermediate, make_request(broker), made.rules(kServer), made.key(), serial_of(4));
  const RequestRecipe client{.key = "rsa:2048", .subject = kBrokerSubject, .extensions = {}};
  compare(intermediate, make_request(client), made.rules(kClient), made.key(), serial_of(5));
}

TEST_CASE("certificates of Ed25519 keys equal those of openssl ca") {
  const auto& made = tiers();
  OpensslCa openssl(made.config(), &made.intermediate(), made.key());
  const RequestRecipe recipe{.key = "ed25519", .digest = ""};
  for (const Profile* profile : {&kServer, &kClient}) {
    auto rules = made.rules(*profile);
    rules.keys.ed25519 = Ed25519Keys::Allow;
    compare(openssl, make_request(recipe), rules, made.key(), serial_of(9));
  }
}

TEST_CASE("random acceptable requests give the octets of openssl ca") {
  const std::string kind = GENERATE("rsa:2048", "ec:P-384");
  const TwoTiers made(kind);
  OpensslCa root(made.root_config(), &made.root(), made.root_key());
  OpensslCa intermediate(made.config(), &made.intermediate(), made.key());
  RequestMaker maker(20260601);
  for (std::uint8_t i = 0; i < 8; ++i) {
    CAPTURE(static_cast<int>(i));
    compare(intermediate, make_request(maker.leaf()), made.rules(kServer), made.key(), serial_of(i));
    compare(intermediate, make_request(maker.leaf()), made.rules(kClient), made.key(), serial_of(i));
    compare(root, make_request(maker.ca()), made.root_rules(), made.root_key(), serial_of(i));
  }
}

TEST_CASE("other settings of the configuration give the octets of openssl ca") {
  struct Row {
    std::string from;
    std::string to;
  };
  const auto row = GENERATE(values<Row>({
      {"preserve         = no", "preserve         = no\nemail_in_dn = no"},
      {"sha256", "sha384"},
      {"sha256", "sha512"},
      {"subjectKeyIdentifier   = hash\nauthorityKeyIdentifier = keyid,issuer:always\n", ""},
      {"authorityKeyIdentifier = keyid,issuer:always", "authorityKeyIdentifier = keyid:always,issuer:always"},
      {"extendedKeyUsage       = serverAuth",
       "extendedKeyUsage       = critical,serverAuth,clientAuth\nsubjectAltName = DNS:fixed.example.com"},
      {"extendedKeyUsage       = serverAuth",
       "extendedKeyUsage       = serverAuth\ncrlDistributionPoints = URI:http://crl.example.com/intermediate.crl"},
      {"[policy_loose]\ncountryName            = optional\n", "[policy_loose]\ncountryName            = match\n"},
  }));
  CAPTURE(row.to);
  const TwoTiers made("ec:P-256", shipped("issuers/root.cnf"),
                      changed_everywhere(shipped("issuers/intermediate.cnf"), row.from, row.to));
  OpensslCa openssl(made.config(), &made.intermediate(), made.key());
  const RequestRecipe recipe{.key = "ec:P-384",
                             .subject = {{"emailAddress", "a@example.com"},
                                         {"CN", "a"},
                                         {"O", "One"},
                                         {"C", "DE"},
                                         {"serialNumber", "7"},
                                         {"emailAddress", "b@example.com"}},
                             .extensions = {{"subjectAltName", "DNS:a.example.com"}}};
  compare(openssl, make_request(recipe), made.rules(kServer), made.key(), serial_of(6));
}

TEST_CASE("preserve keeps the request's parts as openssl ca does") {
  const std::string more = GENERATE("", "\nemail_in_dn = no");
  const TwoTiers made(
      "ec:P-256", shipped("issuers/root.cnf"),
      changed(shipped("issuers/intermediate.cnf"), "[CA_default]", "preserve = yes\n[CA_default]" + more));
  OpensslCa openssl(made.config(), &made.intermediate(), made.key());
  const RequestRecipe recipe{.subject = {{"emailAddress", "a@example.com"},
                                         {"CN", "a"},
                                         {"O", "One"},
                                         {"serialNumber", "7"},
                                         {"emailAddress", "b@example.com"}},
                             .extensions = {{"subjectAltName", "DNS:a.example.com"}}};
  compare(openssl, make_request(recipe), made.rules(kServer), made.key(), serial_of(6));
}

TEST_CASE("dates after 2049 are encoded as openssl ca does") {
  const auto& made = tiers();
  auto profile = kIntermediate;
  const auto long_root = [&] {
    auto own = kOwn;
    own.days = own.maximum_days = 18250;
    const Rules rules{&made.root_config(), &own, nullptr, {}};
    return signed_by(plan_for(permit_for(own_request(made.root_config(), made.kind(), 200), rules), serial_of(7)),
                     made.root_key());
  }();
  OpensslCa with_long_root(made.root_config(), &long_root, made.root_key());
  profile.days = profile.maximum_days = 10000;
  const Rules rules{&made.root_config(), &profile, &long_root, {}};
  RequestMaker maker(2050);
  compare(with_long_root, make_request(maker.ca()), rules, made.root_key(), serial_of(8));
}

TEST_CASE("where match succeeds the issuer's own entry is used, whatever string type the request has") {
  const auto& made = tiers();
  RequestRecipe recipe{.key = "ec:P-256",
                       .subject = {{"C", "DE"}, {"ST", "  BAVARIA "}, {"O", "hivemq"}, {"CN", "Issuing CA"}},
                       .extensions = {},
                       .string_type = V_ASN1_PRINTABLESTRING};
  const auto examination = examine(submission(make_request(recipe)), made.root_rules());
  CHECK(ids_of(examination.refusals) == Ids{});
  CHECK(printable_name(examination.subject) == "C=DE, ST=Bavaria, O=HiveMQ, CN=Issuing CA");
}

}  // namespace sealroom
