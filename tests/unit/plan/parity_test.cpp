#include "openssl_ca.hpp"
#include "sealroom/x509/name.hpp"

// The promise of parity: our to-be-signed octets are those of `openssl ca` with the same configuration, request, serial
// and dates; for the root's own certificate those of `openssl req -x509`. random_parity_test.cpp has the many, this
// file the ones that are named.
namespace sealroom {
namespace {

using namespace testing;

const std::vector<NamePart> kBrokerSubject{{"C", "DE"},     {"ST", "Bavaria"},           {"L", "Landshut"},
                                           {"O", "HiveMQ"}, {"OU", "Customer Services"}, {"CN", "HiveMQ Broker"}};

}  // namespace

TEST_CASE("the root's own certificate equals that of openssl req -x509") {
  const std::string kind = GENERATE("rsa:2048", "ec:P-384");
  const TwoTiers made(kind);
  OpensslCa openssl(made.root_config(), nullptr, made.root_key());
  compare_own(openssl, own_request(made.root_config(), kind, 200), made.own_rules(), serial_of(9));
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

TEST_CASE("of the issuer's entries that match, the very one of the request is used, as openssl ca does") {
  const auto intermediate = changed(shipped("issuers/intermediate.cnf"), "organizationalUnitName = Customer Services",
                                    "1.organizationalUnitName = one\n2.organizationalUnitName = ONE");
  const TwoTiers made("ec:P-256", shipped("issuers/root.cnf"),
                      changed(intermediate, "organizationalUnitName = optional", "organizationalUnitName = match"));
  OpensslCa openssl(made.config(), &made.intermediate(), made.key());
  const std::string unit = GENERATE("one", "ONE");
  const RequestRecipe recipe{.subject = {{"OU", unit}, {"CN", "a"}},
                             .extensions = {{"subjectAltName", "DNS:a.example.com"}}};
  compare(openssl, make_request(recipe), made.rules(kServer), made.key(), serial_of(6));
}

TEST_CASE("days count from now, as those of openssl ca do") {
  const auto& made = tiers();
  OpensslCa openssl(made.root_config(), &made.root(), made.root_key());
  const auto days = GENERATE(values<std::optional<int>>({std::nullopt, 1, 400}));
  auto profile = kIntermediate;
  profile.days = made.root_config().default_days();
  const auto request = own_request(made.config(), made.kind(), 201);
  const auto theirs = openssl.issue_from_now(request, profile.section, serial_of(3), days);
  const Wish wish{.days = days, .not_before = {}, .not_after = {}};
  const auto permit = permit_for(request, made.root_rules(profile), wish, theirs.not_before());
  check_equal(signed_by(plan_for(permit, serial_of(3)), made.root_key()), theirs);
}

TEST_CASE("unique_subject = yes refuses a second valid certificate, as openssl ca does, and no other one") {
  struct Row {
    std::string index;  // of `openssl ca`: state, end, revocation, serial, file, subject
    bool accepted;
  };
  const auto row = GENERATE(values<Row>({{"", true},
                                         {"V\t360101000000Z\t\t07\tunknown\t/CN=a\n", false},
                                         {"V\t360101000000Z\t\t07\tunknown\t/CN=b\n", true},
                                         {"R\t360101000000Z\t260101000000Z\t07\tunknown\t/CN=a\n", true}}));
  const TwoTiers made("ec:P-256", shipped("issuers/root.cnf"),
                      changed(shipped("issuers/intermediate.cnf"), "unique_subject   = no", "unique_subject = yes"));
  OpensslCa openssl(made.config(), &made.intermediate(), made.key());
  const auto request = make_request({.subject = {{"CN", "a"}}});
  CHECK(openssl.accepts(request, "server_cert", row.index) == row.accepted);
  const auto rules = made.rules(kServer);
  auto facts = facts_now();
  if (!row.accepted) facts.same_subject.push_back({"B-20260101-0001", "intermediate", "07", {}, kNow});
  const auto decision = decide(examine(submission(request), rules), rules, facts, {});
  CHECK(std::holds_alternative<Permit>(decision) == row.accepted);
}

}  // namespace sealroom
