#include "plan_fixture.hpp"
#include "support/openssl_certificates.hpp"

namespace sealroom {
namespace {

using namespace testing;

Certificate parsed(const OwnedX509& certificate) { return Certificate::parse(der_of_certificate(certificate)).value(); }

// A CA certificate with this nameConstraints (none when empty) and path length.
Certificate ca(const std::string& constraints, const std::string& basic = "critical,CA:TRUE") {
  std::vector<testing::ExtensionLine> lines = {
      {"basicConstraints", basic}, {"subjectKeyIdentifier", "hash"}, {"keyUsage", "critical,keyCertSign"}};
  if (!constraints.empty()) lines.push_back({"nameConstraints", constraints});
  static const TestAuthority authority;
  return parsed(make_certificate({.key_number = 101, .subject = {{"CN", "Bounded CA"}}, .extensions = lines},
                                 authority.root().get(), authority.root_key()));
}

Profile any_kind() {
  auto profile = kClient;  // a server needs a host besides
  profile.names = {NameKind::Dns, NameKind::Ip, NameKind::Email, NameKind::Uri};
  profile.wildcards = Wildcards::Allow;
  return profile;
}

const Profile kAnyKind = any_kind();

RequestRecipe request_for(const std::string& names, const std::string& common_name) {
  return {.subject = {{"C", "DE"}, {"O", "Example"}, {"CN", common_name}}, .extensions = {{"subjectAltName", names}}};
}

// The ids that refuse these names under an issuer whose certificate has these constraints.
Ids under(const std::string& constraints, const std::string& names, const std::string& common_name = "a device") {
  const auto issuer = ca(constraints);
  auto rules = tiers().rules(kAnyKind);
  rules.issuer_certificate = &issuer;
  const auto direct = refusals_of(request_for(names, common_name), rules);
  // One above the issuer binds as much as the issuer's own.
  auto below = tiers().rules(kAnyKind);
  below.above = {&issuer, 1};
  CHECK(refusals_of(request_for(names, common_name), below) == direct);
  return direct;
}

struct Row {
  std::string constraints;
  std::string names;
};

PermittedNames example_names() {
  PermittedNames names;
  names.dns = {"example.com"};
  names.ip = {{192, 0, 2, 0, 255, 255, 255, 0}};
  names.email = {"example.com"};
  names.uri = {".example.com"};
  return names;
}

const PermittedNames kExampleNames = example_names();

Ids permitted(const std::string& names, const std::string& common_name = "a device") {
  auto rules = tiers().rules(kAnyKind);
  rules.permitted = &kExampleNames;
  return refusals_of(request_for(names, common_name), rules);
}

}  // namespace

TEST_CASE("names within the chain's name constraints are accepted") {
  const auto row = GENERATE(values<Row>({
      {"critical,permitted;DNS:example.com", "DNS:example.com,DNS:a.example.com,DNS:*.EXAMPLE.com"},
      {"critical,permitted;DNS:example.com", "IP:192.0.2.1,URI:http://other.org/"},
      {"critical,excluded;DNS:bad.example", "DNS:good.example,DNS:notbad.example,DNS:*.example.com"},
      {"critical,permitted;IP:10.0.0.0/255.0.0.0", "IP:10.255.0.1,DNS:a.example"},
      {"critical,permitted;IP:fd00::/ff00::", "IP:fd00::1"},
      {"critical,permitted;email:example.com", "email:ops@example.com,DNS:a.example"},
      {"critical,permitted;email:.example.com", "email:ops@mail.example.com"},
      {"critical,permitted;URI:.example.com", "URI:https://a.example.com/x"},
      {"critical,excluded;URI:evil.example", "URI:https://a.example.com/x"},
      {"critical,permitted;URI:.example.com", "URI:https://a.example.com:8883/x,URI:https://a.example.com"},
      {"critical,permitted;URI:.example.com", "URI:https://a.example.com/?x"},
      {"critical,excluded;URI:bad.org", "URI:https://good.org?bad.org,URI:https://good.org/x?y#z"},
      {"permitted;DNS:example.com", "DNS:a.example.com"},
  }));
  CAPTURE(row.constraints, row.names);
  CHECK(under(row.constraints, row.names) == Ids{});
}

TEST_CASE("names outside the chain's name constraints are refused") {
  const auto row = GENERATE(values<Row>({
      {"critical,permitted;DNS:example.com", "DNS:example.org"},
      {"critical,permitted;DNS:example.com", "DNS:a.example.com,DNS:notexample.com"},
      {"critical,permitted;DNS:example.com", "DNS:*.com.example.org"},
      {"critical,excluded;DNS:bad.example", "DNS:a.bad.example"},
      {"critical,excluded;DNS:bad.example.com", "DNS:*.example.com"},
      {"critical,permitted;IP:10.0.0.0/255.0.0.0", "IP:11.0.0.1"},
      {"critical,permitted;IP:10.0.0.0/255.0.0.0", "IP:fd00::1"},
      {"critical,permitted;email:example.com", "email:ops@mail.example.com"},
      {"critical,permitted;URI:.example.com", "URI:https://example.com/x"},
      {"critical,permitted;URI:.example.com", "URI:https://192.0.2.1/x"},
      {"permitted;DNS:example.com", "DNS:example.org"},
      {"critical,permitted;URI:.example.com", "URI:https://evil.org?.example.com"},
      {"critical,permitted;URI:.example.com", "URI:https://evil.org/a.example.com:443"},
      {"critical,permitted;URI:.example.com", "URI:https://evil.org#.example.com"},
      {"critical,permitted;URI:.example.com", "URI:urn:a.example.com"},
      {"critical,excluded;URI:bad.org", "URI:https://bad.org?x"},
      {"critical,excluded;URI:bad.org", "URI:https://bad.org/x:1"},
      // OpenSSL takes "a.example.com?x" and "a.example.com/x" for the host; with it clients would reject these.
      {"critical,permitted;URI:.example.com", "URI:https://a.example.com?x"},
      {"critical,permitted;URI:.example.com", "URI:https://a.example.com/x:1"},
  }));
  CAPTURE(row.constraints, row.names);
  CHECK(under(row.constraints, row.names) == Ids{"names.constrained"});
}

TEST_CASE("a common name that looks like a host name is constrained as one") {
  CHECK(under("critical,permitted;DNS:example.com", "IP:192.0.2.1", "b.example.com") == Ids{});
  CHECK(under("critical,permitted;DNS:example.com", "IP:192.0.2.1", "sensor-17") == Ids{});
  CHECK(under("critical,permitted;DNS:example.com", "IP:192.0.2.1", "Broker of the plant") == Ids{});
  CHECK(under("critical,permitted;DNS:example.com", "IP:192.0.2.1", "b.example.org") == Ids{"names.constrained"});
  CHECK(under("critical,permitted;DNS:example.com", "DNS:a.example.com", "b.example.org") == Ids{"names.constrained"});
  CHECK(permitted("DNS:a.example.com", "b.example.org") == Ids{"names.not-permitted"});
  CHECK(permitted("DNS:a.example.com", "sensor-17") == Ids{});
}

TEST_CASE("a common name that is an address is judged as one") {
  CHECK(permitted("DNS:a.example.com", "192.0.2.7") == Ids{});
  CHECK(permitted("DNS:a.example.com", "192.0.3.7") == Ids{"names.not-permitted"});
  CHECK(permitted("DNS:a.example.com", "2001:db8::1") == Ids{"names.not-permitted"});
  CHECK(under("critical,permitted;IP:10.0.0.0/255.0.0.0", "DNS:a.example.com", "10.0.0.1") == Ids{});
  CHECK(under("critical,permitted;IP:10.0.0.0/255.0.0.0", "DNS:a.example.com", "11.0.0.1") == Ids{"names.constrained"});
  CHECK(under("critical,excluded;IP:fd00::/ff00::", "DNS:a.example.com", "FD00:0::1") == Ids{"names.constrained"});
  // OpenSSL takes it for a DNS name, and clients with OpenSSL would reject it.
  CHECK(under("critical,permitted;DNS:example.com", "IP:10.0.0.1", "10.0.0.1") == Ids{"names.constrained"});
}

TEST_CASE("a common name that is a wildcard is judged as a DNS name") {
  CHECK(permitted("DNS:a.example.com", "*.example.com") == Ids{});
  CHECK(permitted("DNS:a.example.com", "*.example.org") == Ids{"names.not-permitted"});
  CHECK(under("critical,permitted;DNS:example.com", "IP:192.0.2.1", "*.example.com") == Ids{});
  CHECK(under("critical,permitted;DNS:example.com", "IP:192.0.2.1", "*.example.org") == Ids{"names.constrained"});
  CHECK(under("critical,excluded;DNS:bad.example.com", "IP:192.0.2.1", "*.example.com") == Ids{"names.constrained"});
}

TEST_CASE("directory names are constrained by their beginning") {
  const auto within = [](std::vector<NamePart> subject) {
    Owned<NAME_CONSTRAINTS, NAME_CONSTRAINTS_free> constraints(NAME_CONSTRAINTS_new());
    constraints->permittedSubtrees = sk_GENERAL_SUBTREE_new_null();
    GENERAL_SUBTREE* subtree = GENERAL_SUBTREE_new();
    GENERAL_NAME_set0_value(subtree->base, GEN_DIRNAME, make_name({{"C", "DE"}, {"O", "Example"}}).release());
    sk_GENERAL_SUBTREE_push(constraints->permittedSubtrees, subtree);
    static const TestAuthority authority;
    const auto made = make_certificate(
        {.key_number = 101,
         .extensions = {{"basicConstraints", "critical,CA:TRUE"}, {"keyUsage", "critical,keyCertSign"}}},
        authority.root().get(), authority.root_key());
    must(X509_add1_ext_i2d(made.get(), NID_name_constraints, constraints.get(), 1, X509V3_ADD_DEFAULT) == 1 &&
             X509_sign(made.get(), authority.root_key(), EVP_sha256()) > 0,
         "constraints");
    const auto issuer = parsed(made);
    auto rules = tiers().rules(kAnyKind);
    rules.issuer_certificate = &issuer;
    return refusals_of({.subject = std::move(subject)}, rules);
  };
  CHECK(within({{"C", "DE"}, {"O", "Example"}, {"CN", "a"}}) == Ids{});
  CHECK(within({{"C", "DE"}, {"O", "EXAMPLE"}, {"CN", "a"}}) == Ids{});
  CHECK(within({{"C", "DE"}, {"O", "Other"}, {"CN", "a"}}) == Ids{"names.constrained"});
  CHECK(within({{"C", "AT"}, {"O", "Example"}, {"CN", "a"}}) == Ids{"names.constrained"});
}

TEST_CASE("name constraints that nobody here can check stop the issuer, others do not") {
  CHECK(under("critical,permitted;RID:1.2.3", "DNS:a.example") == Ids{"issuer.name-constraints"});
  CHECK(under("critical,permitted;otherName:1.2.3;UTF8:x", "DNS:a.example") == Ids{"issuer.name-constraints"});
  CHECK(under("", "DNS:a.example") == Ids{});
}

TEST_CASE("names that the issuer's settings permit are accepted") {
  CHECK(permitted("DNS:example.com,DNS:a.b.example.com,IP:192.0.2.255,email:a@example.com") == Ids{});
  CHECK(permitted("URI:mqtts://broker.example.com/") == Ids{});
  CHECK(permitted("URI:https://a.example.com?x,URI:https://a.example.com/x:1") == Ids{});
}

TEST_CASE("names that the issuer's settings do not permit are refused, each by name") {
  const auto name = GENERATE(as<std::string>(), "DNS:example.org", "DNS:*.org.example", "IP:192.0.3.0", "IP:::1",
                             "email:a@example.org", "URI:mqtts://example.com/", "URI:https://evil.org?.example.com",
                             "URI:https://evil.org/a.example.com:443", "URI:https://evil.org#.example.com");
  CAPTURE(name);
  CHECK(permitted("DNS:example.com," + name) == Ids{"names.not-permitted"});
  auto rules = tiers().rules(kAnyKind);
  rules.permitted = &kExampleNames;
  const auto refusals = examine(submission(make_request(request_for("DNS:example.com," + name, "x"))), rules).refusals;
  CHECK(refusals.size() == 1);
}

TEST_CASE("a path length anywhere in the chain leaves room or stops a further CA") {
  const auto& made = tiers();
  const auto refusals = [&](const Certificate& issuer, const Certificate& above, const Profile& profile) {
    Rules rules = made.root_rules(profile);
    rules.issuer_certificate = &issuer;
    rules.above = {&above, 1};
    RequestRecipe recipe{.extensions = {}};
    return refusals_of(recipe, rules).contains("issuer.path-length");
  };
  const auto open = ca("");
  const auto none = ca("", "critical,CA:TRUE,pathlen:0");
  const auto one = ca("", "critical,CA:TRUE,pathlen:1");
  const auto two = ca("", "critical,CA:TRUE,pathlen:2");
  CHECK_FALSE(refusals(open, open, kIntermediate));
  CHECK(refusals(none, open, kIntermediate));
  CHECK_FALSE(refusals(one, open, kIntermediate));
  CHECK(refusals(open, one, kIntermediate));
  CHECK_FALSE(refusals(open, two, kIntermediate));
  CHECK_FALSE(refusals(none, one, kServer));
}

}  // namespace sealroom
