#include "plan_fixture.hpp"

namespace sealroom {
namespace {

using namespace testing;
using Line = testing::ExtensionLine;

const Line kNames{"subjectAltName", "DNS:broker.example.com"};

Examination examined(const std::vector<Line>& extensions, const Rules& rules) {
  return examine(submission(make_request({.extensions = extensions})), rules);
}

// What happened to `asked`.
std::string treatment(const Examination& examination, const std::string& asked) {
  const auto found = std::ranges::find(examination.treatments, asked, &Treatment::asked);
  return found == examination.treatments.end() ? "not listed" : found->happened;
}

Rules intermediate_rules() { return tiers().root_rules(); }

Examination examined_ca(const std::vector<Line>& extensions) {
  return examine(
      submission(make_request({.subject = {{"C", "DE"}, {"ST", "Bavaria"}, {"O", "HiveMQ"}, {"CN", "Issuing CA"}},
                               .extensions = extensions})),
      intermediate_rules());
}

}  // namespace

TEST_CASE("a permitted subjectAltName is copied with its octets and criticality") {
  const std::string critical = GENERATE(as<std::string>(), "", "critical,");
  const auto request = make_request({.extensions = {{"subjectAltName", critical + "DNS:broker.example.com"}}});
  const auto examination = examine(submission(request), tiers().rules());
  CHECK(ids_of(examination.refusals) == Ids{});
  REQUIRE(examination.request() != nullptr);
  CHECK(examination.alternative_names == examination.request()->extensions().at(0).der);
  CHECK(treatment(examination, "extension subjectAltName") == "copied");
}

TEST_CASE("a server request without subjectAltName is refused with the word about keytool") {
  const auto examination = examined({}, tiers().rules());
  CHECK(ids_of(examination.refusals) == Ids{"names.missing-san"});
  CHECK(detail_of(examination.refusals, "names.missing-san").find("keytool -certreq") != std::string::npos);
  CHECK(detail_of(examination.refusals, "names.missing-san").find("-ext SAN=") != std::string::npos);
  CHECK(ids_of(examined({}, tiers().rules(kClient)).refusals) == Ids{});
}

TEST_CASE("a server needs a DNS or IP name in subjectAltName, whatever else is there") {
  auto profile = kServer;
  profile.names = {NameKind::Dns, NameKind::Ip, NameKind::Email, NameKind::Uri};
  const auto refused = [&](const std::string& names) {
    return ids_of(examined({{"subjectAltName", names}}, tiers().rules(profile)).refusals);
  };
  CHECK(refused("email:ops@example.com") == Ids{"names.missing-san"});
  CHECK(refused("URI:mqtt://a.example/,email:ops@example.com") == Ids{"names.missing-san"});
  CHECK(refused("email:ops@example.com,DNS:a.example") == Ids{});
  CHECK(refused("URI:mqtt://a.example/,IP:192.0.2.1") == Ids{});
  CHECK(refused("DER:3000") == Ids{"names.malformed"});
  auto client = kClient;
  client.names = profile.names;
  CHECK(ids_of(examined({{"subjectAltName", "email:ops@example.com"}}, tiers().rules(client)).refusals) == Ids{});
}

TEST_CASE("subjectAltName is dropped where the issuer copies nothing, and a server then lacks it") {
  const auto config =
      issuer_config(changed(shipped("issuers/intermediate.cnf"), "copy_extensions  = copy", "copy_extensions  = none"));
  auto rules = tiers().rules(kClient);
  rules.issuer = &config;
  const auto client = examined({kNames}, rules);
  CHECK(ids_of(client.refusals) == Ids{});
  CHECK(ids_of(client.remarks) == Ids{"extension.dropped"});
  CHECK(treatment(client, "extension subjectAltName") == "dropped");
  CHECK(client.alternative_names.empty());
  rules.profile = &kServer;
  CHECK(ids_of(examined({kNames}, rules).refusals) == Ids{"names.missing-san"});
}

TEST_CASE("a section's own subjectAltName takes the place of the request's") {
  const auto config = issuer_config(changed(shipped("issuers/intermediate.cnf"), "extendedKeyUsage       = serverAuth",
                                            "extendedKeyUsage = serverAuth\nsubjectAltName = DNS:fixed.example"));
  auto rules = tiers().rules();
  rules.issuer = &config;
  const auto examination = examined({kNames}, rules);
  CHECK(treatment(examination, "extension subjectAltName") == "replaced by the profile's");
  CHECK(examination.alternative_names.empty());
  CHECK(ids_of(examined({}, rules).refusals) == Ids{});
}

TEST_CASE("CA rights in a request for a leaf are refused") {
  const auto extension = GENERATE(values<Line>({{"basicConstraints", "CA:TRUE"},
                                                {"basicConstraints", "critical,CA:TRUE,pathlen:3"},
                                                {"keyUsage", "keyCertSign"},
                                                {"keyUsage", "digitalSignature,cRLSign"},
                                                {"nsCertType", "sslCA"}}));
  CAPTURE(extension.first, extension.second);
  const Profile& profile = GENERATE(std::cref(kServer), std::cref(kClient));
  const auto examination = examined({kNames, extension}, tiers().rules(profile));
  CHECK(ids_of(examination.refusals) == Ids{"extension.ca-rights"});
  CHECK(treatment(examination, "extension " + extension.first) == "refused");
}

TEST_CASE("CA rights in a request for a CA are the profile's") {
  const auto examination =
      examined_ca({{"basicConstraints", "critical,CA:TRUE"}, {"keyUsage", "critical,keyCertSign,cRLSign"}});
  CHECK(ids_of(examination.refusals) == Ids{});
  CHECK(treatment(examination, "extension basicConstraints") == "replaced by the profile's");
  CHECK(treatment(examination, "extension keyUsage") == "replaced by the profile's");
}

TEST_CASE("a longer path than the profile gives is refused") {
  CHECK(ids_of(examined_ca({{"basicConstraints", "CA:TRUE,pathlen:0"}}).refusals) == Ids{});
  CHECK(ids_of(examined_ca({{"basicConstraints", "CA:TRUE,pathlen:1"}}).refusals) == Ids{"extension.path-length"});
}

TEST_CASE("usages within the profile are the profile's") {
  const auto extension = GENERATE(values<Line>({{"basicConstraints", "CA:FALSE"},
                                                {"keyUsage", "digitalSignature"},
                                                {"keyUsage", "critical,digitalSignature,keyEncipherment"},
                                                {"extendedKeyUsage", "serverAuth"},
                                                {"nsCertType", "server"},
                                                {"nsComment", "anything"},
                                                {"subjectKeyIdentifier", "hash"},
                                                {"subjectKeyIdentifier", "00112233"}}));
  CAPTURE(extension.first, extension.second);
  const auto examination = examined({kNames, extension}, tiers().rules());
  CHECK(ids_of(examination.refusals) == Ids{});
  CHECK(ids_of(examination.remarks) == Ids{});
  CHECK(treatment(examination, "extension " + extension.first) == "replaced by the profile's");
}

TEST_CASE("usages beyond the profile are refused and named") {
  struct Row {
    Line extension;
    std::string named;
  };
  const auto row = GENERATE(values<Row>({{{"keyUsage", "digitalSignature,nonRepudiation"}, "nonRepudiation"},
                                         {{"keyUsage", "keyAgreement"}, "keyAgreement"},
                                         {{"extendedKeyUsage", "serverAuth,clientAuth"}, "clientAuth"},
                                         {{"extendedKeyUsage", "codeSigning"}, "codeSigning"},
                                         {{"extendedKeyUsage", "anyExtendedKeyUsage"}, "anyExtendedKeyUsage"},
                                         {{"extendedKeyUsage", "1.2.3.4"}, "1.2.3.4"},
                                         {{"nsCertType", "server,client"}, "client"}}));
  CAPTURE(row.extension.second);
  const auto examination = examined({kNames, row.extension}, tiers().rules());
  CHECK(ids_of(examination.refusals) == Ids{"extension.usage"});
  CHECK(detail_of(examination.refusals, "extension.usage").find(row.named) != std::string::npos);
  CHECK(treatment(examination, "extension " + row.extension.first) == "refused");
}

TEST_CASE("unknown extensions are refused or dropped by the profile, and listed either way") {
  const auto extension = GENERATE(values<Line>({{"certificatePolicies", "DER:3007300506032a0304"},
                                                {"nameConstraints", "permitted;DNS:example.com"},
                                                {"tlsfeature", "status_request"},
                                                {"1.2.3.4.5", "DER:0500"}}));
  const std::string asked = "extension " + extension.first;
  CAPTURE(asked);
  const auto refused = examined({kNames, extension}, tiers().rules());
  CHECK(ids_of(refused.refusals) == Ids{"extension.unknown"});
  CHECK(treatment(refused, asked) == "refused");

  auto profile = kServer;
  profile.unknown_extensions = UnknownExtensions::Drop;
  const auto dropped = examined({kNames, extension}, tiers().rules(profile));
  CHECK(ids_of(dropped.refusals) == Ids{});
  CHECK(ids_of(dropped.remarks) == Ids{"extension.dropped"});
  CHECK(treatment(dropped, asked) == "dropped");
}

TEST_CASE("an extension that the section defines is the profile's") {
  const auto config = issuer_config(changed(shipped("issuers/intermediate.cnf"), "extendedKeyUsage       = serverAuth",
                                            "extendedKeyUsage = serverAuth\ncertificatePolicies = 1.2.3.4"));
  auto rules = tiers().rules();
  rules.issuer = &config;
  const auto examination = examined({kNames, {"certificatePolicies", "DER:3007300506032a0305"}}, rules);
  CHECK(ids_of(examination.refusals) == Ids{});
  CHECK(treatment(examination, "extension certificatePolicies") == "replaced by the profile's");
}

TEST_CASE("known extensions whose octets are not their type are refused") {
  const std::string name =
      GENERATE(as<std::string>(), "basicConstraints", "keyUsage", "extendedKeyUsage", "nsCertType");
  const std::string octets = GENERATE(as<std::string>(), "DER:0500", "DER:30020500", "DER:0c0161");
  CAPTURE(name, octets);
  CHECK(ids_of(examined({kNames, {name, octets}}, tiers().rules()).refusals) == Ids{"extension.malformed"});
}

TEST_CASE("known extensions that say more or less than their DER does are refused") {
  const auto [name, octets, id] = GENERATE(table<std::string, std::string, std::string>({
      {"basicConstraints", "DER:3003010100", "extension.malformed"},           // CA:FALSE spelled out
      {"basicConstraints", "DER:3003020100", "extension.malformed"},           // pathlen without CA
      {"basicConstraints", "DER:30060101ff0201ff", "extension.malformed"},     // pathlen:-1
      {"basicConstraints", "DER:30030101ff00", "request.extension-encoding"},  // something behind it
      {"keyUsage", "DER:030100", "extension.malformed"},                       // no bit
      {"keyUsage", "DER:030200a0", "extension.malformed"},                     // zeros behind the last bit
      {"keyUsage", "DER:0306000102030405", "extension.malformed"},             // more bits than have names
      {"keyUsage", "DER:03030780", "request.extension-encoding"},              // cut off
      {"nsCertType", "DER:03020040", "extension.malformed"},
      {"extendedKeyUsage", "DER:3000", "extension.malformed"},
  }));
  CAPTURE(name, octets);
  CHECK(ids_of(examined({kNames, {name, octets}}, tiers().rules()).refusals) == Ids{id});
  CHECK(ids_of(examined({kNames, {"keyUsage", "DER:030205a0"}}, tiers().rules()).refusals) == Ids{});
}

TEST_CASE("a challenge password is ignored and its value never shown") {
  const auto request = unsigned_request({});
  const std::string secret = "correct horse";
  must(X509_REQ_add1_attr_by_txt(request.get(), "challengePassword", MBSTRING_ASC,
                                 reinterpret_cast<const unsigned char*>(secret.data()),
                                 static_cast<int>(secret.size())) == 1,
       "attribute");
  const auto examination = examine(submission(sign_request(request.get())), tiers().rules());
  CHECK(ids_of(examination.refusals) == Ids{});
  CHECK(treatment(examination, "attribute challengePassword") == "ignored");
  for (const auto& each : examination.treatments) CHECK(each.happened.find(secret) == std::string::npos);
}

}  // namespace sealroom
