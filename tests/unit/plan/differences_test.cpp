#include "openssl_ca.hpp"
#include "sealroom/x509/name.hpp"

// Where Sealroom is different from `openssl ca` on purpose: docs/profiles.md lists each difference and names its test.
// Each shows both sides, so that a difference that OpenSSL gives up one day is noticed.
namespace sealroom {
namespace {

using namespace testing;

OpensslCa openssl_intermediate(const TwoTiers& made) { return {made.config(), &made.intermediate(), made.key()}; }

Bytes extension_value(const Certificate& certificate, std::string_view oid) {
  const auto* extension = certificate.extension(oid);
  return extension != nullptr ? extension->value : Bytes{};
}

constexpr std::string_view kTlsFeature = "1.3.6.1.5.5.7.1.24";
constexpr std::string_view kKeyIdentifier = "2.5.29.14";

// What both sides make of the same request.
struct Both {
  Certificate ours;
  Certificate theirs;
};

Both issue_both(const TwoTiers& made, const Bytes& request, const Rules& rules) {
  auto openssl = openssl_intermediate(made);
  const auto planned = plan_for(permit_for(request, rules), serial_of(6));
  return {signed_by(planned, made.key()), openssl.issue(request, rules.profile->section, planned)};
}

}  // namespace

TEST_CASE("openssl ca signs what a careful CA refuses") {
  struct Row {
    RequestRecipe recipe;
    std::string id;
  };
  const auto row = GENERATE(values<Row>({
      {{.key = "rsa:1024"}, "key.rsa-too-short"},
      {{.key = "ec:secp256k1"}, "key.curve"},
      {{.digest = "SHA1"}, "signature.algorithm"},
      {{.subject = {{"C", "DE"}, {"CN", std::string(64, 'a')}, {"O", "b\xc3\xa4"}}, .string_type = V_ASN1_T61STRING},
       "names.encoding"},
      {{.extensions = {{"subjectAltName", "DNS:*.example.com"}}}, "names.wildcard"},
      {{.extensions = {{"subjectAltName", "DNS:https://example.com"}}}, "names.dns"},
      {{.extensions = {{"subjectAltName", "DNS:a.example.com,otherName:1.2.3.4;UTF8:a"}}}, "names.type"},
      {{.extensions = {}}, "names.missing-san"},
      {{.extensions = {{"subjectAltName", "DNS:a.example.com"}, {"basicConstraints", "CA:TRUE"}}},
       "extension.ca-rights"},
      {{.extensions = {{"subjectAltName", "DNS:a.example.com"}, {"keyUsage", "keyCertSign"}}}, "extension.ca-rights"},
      {{.extensions = {{"subjectAltName", "DNS:a.example.com"}, {"extendedKeyUsage", "codeSigning"}}},
       "extension.usage"},
      {{.extensions = {{"subjectAltName", "DNS:a.example.com"}, {"tlsfeature", "status_request"}}},
       "extension.unknown"},
  }));
  CAPTURE(row.id);
  const auto& made = tiers();
  const auto request = make_request(row.recipe);
  CHECK(openssl_intermediate(made).accepts(request, "server_cert"));
  CHECK(ids_of(examine(submission(request), made.rules(kServer)).refusals).contains(row.id));
}

TEST_CASE("match needs an equal value here and an equal string type, too, for openssl ca") {
  const auto& made = tiers();
  OpensslCa root(made.root_config(), &made.root(), made.root_key());
  const auto type = GENERATE(MBSTRING_UTF8, V_ASN1_PRINTABLESTRING);
  const RequestRecipe recipe{.subject = {{"C", "DE"}, {"ST", "Bavaria"}, {"O", "HiveMQ"}, {"CN", "Issuing CA"}},
                             .extensions = {},
                             .string_type = type};
  const auto request = make_request(recipe);
  CHECK(root.accepts(request, "v3_intermediate_ca") == (type == MBSTRING_UTF8));
  const auto examination = examine(submission(request), made.root_rules());
  CHECK(ids_of(examination.refusals) == Ids{});
  CHECK(printable_name(examination.subject) == "C=DE, ST=Bavaria, O=HiveMQ, CN=Issuing CA");
}

TEST_CASE("copy_extensions = copy copies subjectAltName only; openssl ca copies whatever the section lacks") {
  const auto& made = tiers();
  auto profile = kServer;
  profile.unknown_extensions = UnknownExtensions::Drop;
  const auto request =
      make_request({.extensions = {{"subjectAltName", "DNS:a.example.com"}, {"tlsfeature", "status_request"}}});
  const auto both = issue_both(made, request, made.rules(profile));
  CHECK(both.ours.extension(kTlsFeature) == nullptr);
  CHECK(both.theirs.extension(kTlsFeature) != nullptr);
}

TEST_CASE("a key identifier is computed here; openssl ca copies the request's where the section defines none") {
  const TwoTiers made("ec:P-256", shipped("issuers/root.cnf"),
                      changed_everywhere(shipped("issuers/intermediate.cnf"), "subjectKeyIdentifier   = hash\n", ""));
  const auto request =
      make_request({.extensions = {{"subjectAltName", "DNS:a.example.com"}, {"subjectKeyIdentifier", "010203"}}});
  const auto both = issue_both(made, request, made.rules(kServer));
  CHECK(extension_value(both.ours, kKeyIdentifier).size() == 22);
  CHECK(to_hex(extension_value(both.theirs, kKeyIdentifier)) == "0403010203");
}

TEST_CASE("openssl ca lets a certificate outlive its issuer") {
  const auto& made = tiers();
  auto profile = kServer;
  profile.days = profile.maximum_days = 36500;
  const auto request = make_request();
  const auto rules = made.rules(profile);
  CHECK(std::holds_alternative<Refusal>(decide(examine(submission(request), rules), rules, facts_now(), {})));

  auto openssl = openssl_intermediate(made);
  const auto theirs = openssl.issue_from_now(request, "server_cert", serial_of(6), 36500);
  CHECK(theirs.not_after() > made.intermediate().not_after());

  profile.past_issuer = PastIssuer::Cut;
  const auto cut = plan_for(permit_for(request, made.rules(profile)), serial_of(6));
  CHECK(cut.validity().not_after == made.intermediate().not_after());
}

TEST_CASE("unique_subject = yes does not regard expired certificates; openssl ca does") {
  const TwoTiers made("ec:P-256", shipped("issuers/root.cnf"),
                      changed(shipped("issuers/intermediate.cnf"), "unique_subject   = no", "unique_subject = yes"));
  const auto request = make_request({.subject = {{"CN", "a"}}});
  auto openssl = openssl_intermediate(made);
  CHECK_FALSE(openssl.accepts(request, "server_cert", "V\t200101000000Z\t\t07\tunknown\t/CN=a\n"));
  // The ledger gives certificates that have not expired only (Facts::same_subject), so there are none.
  CHECK_NOTHROW(permit_for(request, made.rules(kServer)));
}

TEST_CASE("the validity is the profile's; openssl ca takes default_days") {
  const auto& made = tiers();
  auto openssl = openssl_intermediate(made);
  const auto request = make_request();
  const auto theirs = openssl.issue_from_now(request, "client_cert", serial_of(6), std::nullopt);
  CHECK(theirs.not_after() - theirs.not_before() == std::chrono::days{365});
  const auto planned = plan_for(permit_for(request, made.rules(kClient)), serial_of(6));
  CHECK(planned.validity().not_after - planned.validity().not_before == std::chrono::days{375});
}

}  // namespace sealroom
