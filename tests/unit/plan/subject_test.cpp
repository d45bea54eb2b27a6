#include "plan_fixture.hpp"
#include "sealroom/x509/name.hpp"

namespace sealroom {
namespace {

using namespace testing;

Examination examined(const std::vector<NamePart>& subject, const Rules& rules, int string_type = MBSTRING_UTF8) {
  return examine(submission(make_request({.subject = subject, .string_type = string_type})), rules);
}

// A request for the intermediate profile: the root copies no names, so the recipe's are dropped.
Examination examined_ca(const std::vector<NamePart>& subject, int string_type = MBSTRING_UTF8) {
  return examined(subject, tiers().root_rules(), string_type);
}

Examination examined_under(const std::string& from, const std::string& to, const std::vector<NamePart>& subject) {
  const auto config = issuer_config(changed(shipped("issuers/intermediate.cnf"), from, to));
  auto rules = tiers().rules();
  rules.issuer = &config;
  return examined(subject, rules);
}

}  // namespace

TEST_CASE("the subject has the order of the policy section, with repeated parts together") {
  const auto examination = examined({{"CN", "broker"}, {"OU", "Two"}, {"C", "DE"}, {"OU", "One"}}, tiers().rules());
  CHECK(ids_of(examination.refusals) == Ids{});
  CHECK(printable_name(examination.subject) == "C=DE, OU=Two, OU=One, CN=broker");
}

TEST_CASE("a part that the policy wants supplied and the request lacks is refused") {
  CHECK(ids_of(examined({{"C", "DE"}, {"O", "Example"}}, tiers().rules()).refusals) == Ids{"subject.missing"});
  CHECK(ids_of(examined({{"CN", "broker"}}, tiers().rules()).refusals) == Ids{});
}

TEST_CASE("a part that must match and differs is refused with both values") {
  const auto refused = examined_ca({{"C", "DE"}, {"ST", "Bavaria"}, {"O", "Acme"}, {"CN", "CA"}});
  CHECK(ids_of(refused.refusals) == Ids{"subject.match"});
  CHECK(detail_of(refused.refusals, "subject.match").find("Acme") != std::string::npos);
  CHECK(detail_of(refused.refusals, "subject.match").find("HiveMQ") != std::string::npos);
  CHECK(ids_of(examined_ca({{"C", "DE"}, {"ST", "Bavaria"}, {"CN", "CA"}}).refusals) == Ids{"subject.missing"});
}

TEST_CASE("matching compares as RFC 5280 does and uses the issuer's own entry") {
  struct Row {
    std::string organization;
    int type;
  };
  const auto row = GENERATE(values<Row>({{"HiveMQ", MBSTRING_UTF8},
                                         {"HiveMQ", V_ASN1_PRINTABLESTRING},
                                         {"HIVEMQ", V_ASN1_PRINTABLESTRING},
                                         {"  hivemq  ", MBSTRING_UTF8}}));
  CAPTURE(row.organization, row.type);
  const auto examination =
      examined_ca({{"C", "DE"}, {"ST", "Bavaria"}, {"O", row.organization}, {"CN", "CA"}}, row.type);
  CHECK(ids_of(examination.refusals) == Ids{});
  const auto entries = name_entries(examination.subject);
  REQUIRE(entries);
  CHECK(as_text(entries->at(2).value) == "HiveMQ");
  CHECK(entries->at(2).string_type == V_ASN1_UTF8STRING);
  CHECK(ids_of(examined_ca({{"C", "DE"}, {"ST", "Bavaria"}, {"O", "Hive MQ"}, {"CN", "CA"}}).refusals) ==
        Ids{"subject.match"});
}

TEST_CASE("a policy that wants a match the issuer cannot give is refused as misconfigured") {
  const auto refused = examined_under("localityName           = optional", "localityName           = match",
                                      {{"L", "Landshut"}, {"CN", "broker"}});
  CHECK(ids_of(refused.refusals) == Ids{"subject.match"});
  CHECK(detail_of(refused.refusals, "subject.match").find("correct the policy section") != std::string::npos);
}

TEST_CASE("a part that the policy does not name is dropped and reported") {
  const auto examination =
      examined_ca({{"C", "DE"}, {"ST", "Bavaria"}, {"L", "Landshut"}, {"O", "HiveMQ"}, {"CN", "CA"}});
  CHECK(ids_of(examination.refusals) == Ids{});
  CHECK(printable_name(examination.subject) == "C=DE, ST=Bavaria, O=HiveMQ, CN=CA");
  CHECK(detail_of(examination.remarks, "subject.dropped").find("Landshut") != std::string::npos);
  const auto loose = examined({{"L", "Landshut"}, {"CN", "broker"}}, tiers().rules());
  CHECK_FALSE(has(loose.remarks, "subject.dropped"));
}

TEST_CASE("preserve keeps order and parts") {
  const auto examination =
      examined_under("[CA_default]", "preserve = yes\n[CA_default]", {{"CN", "broker"}, {"title", "Dr"}, {"C", "DE"}});
  CHECK(printable_name(examination.subject) == "CN=broker, title=Dr, C=DE");
  CHECK_FALSE(has(examination.remarks, "subject.dropped"));
}

TEST_CASE("email_in_dn = no leaves every e-mail address out") {
  const auto examination =
      examined_under("preserve         = no", "preserve = no\nemail_in_dn = no",
                     {{"emailAddress", "a@example.com"}, {"CN", "broker"}, {"emailAddress", "b@example.com"}});
  CHECK(ids_of(examination.refusals) == Ids{});
  CHECK(printable_name(examination.subject) == "CN=broker");
  CHECK(examination.remarks.size() == 2);
  CHECK(ids_of(examination.remarks) == Ids{"subject.dropped"});
}

TEST_CASE("a certificate without any subject is refused") {
  const auto refused = examined_under("commonName             = supplied", "commonName = optional", {{"title", "Dr"}});
  CHECK(ids_of(refused.refusals) == Ids{"subject.empty"});
  const auto accepted =
      examined_under("commonName             = supplied", "commonName = optional", {{"O", "Example"}});
  CHECK(ids_of(accepted.refusals) == Ids{});
}

TEST_CASE("the issuer's own certificate has the name of its configuration") {
  const auto& made = tiers();
  const auto own = examine(submission(own_request(made.root_config(), made.kind(), 200)), made.own_rules());
  CHECK(ids_of(own.refusals) == Ids{});
  CHECK(own.subject == made.root_config().own_name());
  const auto other = examine(submission(make_request({.extensions = {}})), made.own_rules());
  CHECK(ids_of(other.refusals) == Ids{"subject.own-name"});
}

TEST_CASE("an issuer that is no CA or leaves no room issues nothing") {
  const auto& made = tiers();
  const auto leaf = signed_by(plan_for(permit_for(make_request({}), made.rules()), serial_of(50)), made.key());
  auto rules = made.rules();
  rules.issuer_certificate = &leaf;
  CHECK(ids_of(examine(submission(make_request({})), rules).refusals) == Ids{"issuer.not-a-ca"});

  // The shipped intermediate has pathlen:0, the root none.
  auto below = made.root_rules();
  below.issuer_certificate = &made.intermediate();
  const auto request =
      make_request({.subject = {{"C", "DE"}, {"ST", "Bavaria"}, {"O", "HiveMQ"}, {"CN", "CA"}}, .extensions = {}});
  CHECK(ids_of(examine(submission(request), below).refusals) == Ids{"issuer.path-length"});
  CHECK(ids_of(examine(submission(request), made.root_rules()).refusals) == Ids{});
}

}  // namespace sealroom
