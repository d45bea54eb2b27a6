#include "plan_fixture.hpp"
#include "support/openssl_certificates.hpp"

namespace sealroom {
namespace {

using namespace testing;
using Lines = std::vector<testing::ExtensionLine>;

Certificate parsed(const OwnedX509& certificate) { return Certificate::parse(der_of_certificate(certificate)).value(); }

const TestAuthority& authority() {
  static const TestAuthority made;
  return made;
}

const Certificate& issuer() {
  static const Certificate made = parsed(authority().intermediate());
  return made;
}

// Extensions of a server's certificate that breaks no rule.
Lines server_lines() {
  return {{"basicConstraints", "CA:FALSE"},    {"subjectKeyIdentifier", "hash"},
          {"authorityKeyIdentifier", "keyid"}, {"keyUsage", "critical,digitalSignature"},
          {"extendedKeyUsage", "serverAuth"},  {"subjectAltName", "DNS:broker.example.com"}};
}

// Those of a CA below the test root.
Lines ca_lines() {
  return {{"basicConstraints", "critical,CA:TRUE"},
          {"subjectKeyIdentifier", "hash"},
          {"authorityKeyIdentifier", "keyid"},
          {"keyUsage", "critical,keyCertSign,cRLSign"}};
}

Lines with(Lines lines, const std::string& name, const std::string& value) {
  for (auto& [field, content] : lines) {
    if (field == name) content = value;
  }
  return lines;
}

Lines without(Lines lines, const std::string& name) {
  std::erase_if(lines, [&](const auto& line) { return line.first == name; });
  return lines;
}

Ids broken_by(CertificateRecipe recipe, Purpose purpose = Purpose::Server) {
  if (recipe.extensions.empty()) recipe.extensions = server_lines();
  return ids_of(check_certificate(parsed(authority().issue(recipe)), {purpose, &issuer()}));
}

Ids broken_by_lines(const Lines& lines, Purpose purpose = Purpose::Server) {
  return broken_by({.extensions = lines}, purpose);
}

// A CA certificate below the test root, which has no path length.
Ids broken_by_ca(const Lines& lines) {
  static const Certificate root = parsed(authority().root());
  const auto made = make_certificate({.extensions = lines}, authority().root().get(), authority().root_key());
  return ids_of(check_certificate(parsed(made), {Purpose::Ca, &root}));
}

}  // namespace

TEST_CASE("certificates as they should be break no rule") {
  CHECK(broken_by({}) == Ids{});
  CHECK(broken_by_lines(with(server_lines(), "extendedKeyUsage", "clientAuth"), Purpose::Client) == Ids{});
  CHECK(broken_by_lines(without(with(server_lines(), "extendedKeyUsage", "clientAuth"), "subjectAltName"),
                        Purpose::Client) == Ids{});
  CHECK(broken_by_lines(without(server_lines(), "subjectKeyIdentifier")) == Ids{});
  CHECK(broken_by_lines(without(server_lines(), "basicConstraints")) == Ids{});
  CHECK(broken_by_lines(with(server_lines(), "subjectAltName", "critical,DNS:a.example")) == Ids{});
  CHECK(broken_by_lines(with(server_lines(), "authorityKeyIdentifier", "keyid,issuer:always")) == Ids{});
  CHECK(broken_by_ca(ca_lines()) == Ids{});
  CHECK(ids_of(check_certificate(parsed(authority().root()), {Purpose::Ca, nullptr})) == Ids{});
}

TEST_CASE("cert.version and cert.serial") {
  const auto made = authority().issue({.extensions = {}});
  must(X509_set_version(made.get(), X509_VERSION_1) == 1 &&
           X509_sign(made.get(), authority().intermediate_key(), EVP_sha256()) > 0,
       "v1");
  CHECK(ids_of(check_certificate(parsed(made), {Purpose::Server, &issuer()})).contains("cert.version"));
  CHECK(broken_by({.serial = 0}) == Ids{"cert.serial"});
  CHECK(broken_by({.serial = -5}) == Ids{"cert.serial"});
  CHECK(broken_by({.serial = 127}) == Ids{});
  CHECK(broken_by({.serial = 128}) == Ids{});
}

TEST_CASE("cert.issuer and cert.authority-key-identifier") {
  static const Certificate root = parsed(authority().root());
  const auto leaf = parsed(authority().issue({.extensions = server_lines()}));
  CHECK(ids_of(check_certificate(leaf, {Purpose::Server, &root})) ==
        Ids{"cert.issuer", "cert.authority-key-identifier"});
  CHECK(broken_by_lines(without(server_lines(), "authorityKeyIdentifier")) == Ids{"cert.authority-key-identifier"});
  CHECK(broken_by_lines(with(server_lines(), "authorityKeyIdentifier", "critical,keyid")) == Ids{"cert.criticality"});
  CHECK(broken_by_lines(with(server_lines(), "authorityKeyIdentifier", "issuer:always")) ==
        Ids{"cert.authority-key-identifier"});
}

TEST_CASE("cert.validity and cert.within-issuer") {
  const Instant start{std::chrono::sys_days{std::chrono::year{2026} / 1 / 1}};
  const Instant end{std::chrono::sys_days{std::chrono::year{2036} / 1 / 1}};
  const std::chrono::seconds second{1};
  CHECK(broken_by({.not_before = start, .not_after = end}) == Ids{});
  CHECK(broken_by({.not_before = start - second, .not_after = end}) == Ids{"cert.within-issuer"});
  CHECK(broken_by({.not_before = start, .not_after = end + second}) == Ids{"cert.within-issuer"});
  CHECK(broken_by({.not_before = end - second, .not_after = start + second}) == Ids{"cert.validity"});
}

TEST_CASE("cert.key and cert.issuers-key") {
  CHECK(broken_by({.key = "rsa:1024"}) == Ids{"cert.key"});
  CHECK(broken_by({.key = "ec:secp256k1"}) == Ids{"cert.key"});
  CHECK(broken_by({.key = "rsa:2048"}) == Ids{});
  CHECK(broken_by({.key_number = 101}) == Ids{"cert.issuers-key"});
}

TEST_CASE("cert.basic-constraints") {
  CHECK(
      broken_by_lines(with(server_lines(), "basicConstraints", "critical,CA:TRUE")).contains("cert.basic-constraints"));
  CHECK(broken_by_ca(with(ca_lines(), "basicConstraints", "critical,CA:FALSE")) == Ids{"cert.basic-constraints"});
  CHECK(broken_by_ca(without(ca_lines(), "basicConstraints")) == Ids{"cert.basic-constraints"});
  CHECK(broken_by_ca(with(ca_lines(), "basicConstraints", "critical,CA:FALSE,pathlen:0")) ==
        Ids{"cert.basic-constraints"});
}

TEST_CASE("cert.path-length and cert.issuer-rights") {
  // The test intermediate has pathlen:0.
  CHECK(broken_by_lines(ca_lines(), Purpose::Ca) == Ids{"cert.path-length"});
  const auto leaf = authority().issue({.extensions = server_lines()});
  const auto parsed_leaf = parsed(leaf);
  const auto below =
      make_certificate({.key_number = 7, .extensions = server_lines()}, leaf.get(), test_key("ec:P-256"));
  CHECK(ids_of(check_certificate(parsed(below), {Purpose::Server, &parsed_leaf})) == Ids{"cert.issuer-rights"});

  const auto long_path = make_certificate(
      {.key_number = 8, .extensions = with(ca_lines(), "basicConstraints", "critical,CA:TRUE,pathlen:2")},
      authority().root().get(), authority().root_key());
  const auto upper = parsed(long_path);
  const auto under_it = [&](const std::string& constraints) {
    const auto made =
        make_certificate({.key_number = 9, .extensions = with(ca_lines(), "basicConstraints", constraints)},
                         long_path.get(), test_key("ec:P-256", 8));
    return ids_of(check_certificate(parsed(made), {Purpose::Ca, &upper}));
  };
  CHECK(under_it("critical,CA:TRUE,pathlen:1") == Ids{});
  CHECK(under_it("critical,CA:TRUE,pathlen:2") == Ids{"cert.path-length"});
}

TEST_CASE("cert.key-usage") {
  CHECK(broken_by_lines(with(server_lines(), "keyUsage", "critical,digitalSignature,keyCertSign")) ==
        Ids{"cert.key-usage"});
  CHECK(broken_by_lines(with(server_lines(), "keyUsage", "cRLSign")) == Ids{"cert.key-usage"});
  CHECK(broken_by_lines(with(server_lines(), "keyUsage", "DER:03060080000000ff")) == Ids{"cert.key-usage"});
  CHECK(broken_by_lines(without(server_lines(), "keyUsage")) == Ids{});
  CHECK(broken_by_ca(with(ca_lines(), "keyUsage", "critical,cRLSign")) == Ids{"cert.key-usage"});
  CHECK(broken_by_ca(without(ca_lines(), "keyUsage")) == Ids{"cert.key-usage"});
}

TEST_CASE("cert.netscape-type") {
  auto lines = server_lines();
  lines.push_back({"nsCertType", "server"});
  CHECK(broken_by_lines(lines) == Ids{});
  CHECK(broken_by_lines(with(lines, "nsCertType", "server,sslCA")) == Ids{"cert.netscape-type"});
}

TEST_CASE("cert.extended-key-usage") {
  CHECK(broken_by_lines(with(server_lines(), "extendedKeyUsage", "serverAuth,clientAuth")) == Ids{});
  CHECK(broken_by_lines(with(server_lines(), "extendedKeyUsage", "clientAuth")) == Ids{"cert.extended-key-usage"});
  CHECK(broken_by_lines(with(server_lines(), "extendedKeyUsage", "serverAuth,anyExtendedKeyUsage")) ==
        Ids{"cert.extended-key-usage"});
  CHECK(broken_by_lines(without(server_lines(), "extendedKeyUsage")) == Ids{"cert.extended-key-usage"});
  CHECK(broken_by_lines(server_lines(), Purpose::Client) == Ids{"cert.extended-key-usage"});
}

TEST_CASE("cert.missing-san, cert.san and cert.subject") {
  CHECK(broken_by_lines(without(server_lines(), "subjectAltName")) == Ids{"cert.missing-san"});
  CHECK(broken_by_lines(with(server_lines(), "subjectAltName", "DER:3000")) == Ids{"cert.san"});
  CHECK(broken_by_lines(with(server_lines(), "subjectAltName", "DNS:a_b.example")) == Ids{"cert.san"});
  CHECK(broken_by_lines(with(server_lines(), "subjectAltName", "RID:1.2.3")) == Ids{"cert.missing-san", "cert.san"});
  CHECK(broken_by_lines(with(server_lines(), "subjectAltName", "email:ops@example.com,URI:mqtt://a.example/")) ==
        Ids{"cert.missing-san"});
  CHECK(broken_by_lines(with(server_lines(), "subjectAltName", "email:ops@example.com,DNS:a.example")) == Ids{});
  CHECK(broken_by_lines(with(server_lines(), "subjectAltName", "IP:192.0.2.1")) == Ids{});
  CHECK(broken_by_lines(with(server_lines(), "subjectAltName", "DNS:*.a.example,IP:192.0.2.1")) == Ids{});
  CHECK(broken_by({.subject = {{"CN", "two\nlines"}}}) == Ids{"cert.subject"});
  CHECK(broken_by({.subject = {}}) == Ids{"cert.subject"});
  CHECK(broken_by({.subject = {}, .extensions = with(server_lines(), "subjectAltName", "critical,DNS:a.example")}) ==
        Ids{});
}

TEST_CASE("cert.subject-key-identifier") {
  CHECK(broken_by_ca(without(ca_lines(), "subjectKeyIdentifier")) == Ids{"cert.subject-key-identifier"});
  CHECK(broken_by_ca(with(ca_lines(), "subjectKeyIdentifier", "DER:0400")) == Ids{"cert.subject-key-identifier"});
  const std::string other = "DER:0414" + std::string(40, '0');
  CHECK(broken_by_lines(with(server_lines(), "subjectKeyIdentifier", other)) == Ids{"cert.subject-key-identifier"});
}

TEST_CASE("cert.key-usage-of-key") {
  const auto usage = [](const std::string& key, const std::string& value) {
    return broken_by({.key = key, .extensions = with(server_lines(), "keyUsage", value)});
  };
  CHECK(usage("ec:P-256", "critical,digitalSignature,keyAgreement") == Ids{});
  CHECK(usage("ec:P-256", "critical,digitalSignature,keyEncipherment") == Ids{});
  CHECK(usage("ec:P-256", "critical,keyAgreement,encipherOnly") == Ids{});
  CHECK(usage("ec:P-256", "critical,digitalSignature,dataEncipherment") == Ids{"cert.key-usage-of-key"});
  CHECK(usage("ec:P-256", "critical,digitalSignature,encipherOnly") == Ids{"cert.key-usage-of-key"});
  CHECK(usage("rsa:2048", "critical,digitalSignature,keyEncipherment,dataEncipherment") == Ids{});
  CHECK(usage("rsa:2048", "critical,digitalSignature,keyAgreement") == Ids{"cert.key-usage-of-key"});
}

TEST_CASE("cert.criticality, cert.unknown-critical and cert.ca-extension") {
  const auto more = [](Lines lines, const std::string& name, const std::string& value) {
    lines.push_back({name, value});
    return lines;
  };
  CHECK(broken_by_ca(with(ca_lines(), "basicConstraints", "CA:TRUE")) == Ids{"cert.criticality"});
  CHECK(broken_by_ca(with(ca_lines(), "keyUsage", "keyCertSign,cRLSign")) == Ids{"cert.criticality"});
  CHECK(broken_by_lines(with(server_lines(), "keyUsage", "digitalSignature")) == Ids{});
  CHECK(broken_by_lines(with(server_lines(), "subjectKeyIdentifier", "critical,hash")) == Ids{"cert.criticality"});
  const std::string access = "OCSP;URI:http://ocsp.example/";
  CHECK(broken_by_lines(more(server_lines(), "authorityInfoAccess", access)) == Ids{});
  CHECK(broken_by_lines(more(server_lines(), "authorityInfoAccess", "critical," + access)) == Ids{"cert.criticality"});
  const std::string within = "permitted;DNS:example.com";
  CHECK(broken_by_ca(more(ca_lines(), "nameConstraints", "critical," + within)) == Ids{});
  CHECK(broken_by_ca(more(ca_lines(), "nameConstraints", within)) == Ids{"cert.criticality"});
  CHECK(broken_by_lines(more(server_lines(), "nameConstraints", "critical," + within)) == Ids{"cert.ca-extension"});
  CHECK(broken_by_lines(more(server_lines(), "1.2.3.4", "DER:0500")) == Ids{});
  CHECK(broken_by_lines(more(server_lines(), "1.2.3.4", "critical,DER:0500")) == Ids{"cert.unknown-critical"});
  CHECK(broken_by_lines(more(server_lines(), "tlsfeature", "status_request")) == Ids{});
}

TEST_CASE("cert.locations") {
  const auto at = [](const std::string& name, const std::string& value) {
    auto lines = server_lines();
    lines.push_back({name, value});
    return broken_by_lines(lines);
  };
  CHECK(at("crlDistributionPoints", "URI:http://crl.example/a.crl") == Ids{});
  CHECK(at("crlDistributionPoints", "URI:ldap://ldap.example/CN=a?certificateRevocationList") == Ids{});
  CHECK(at("crlDistributionPoints", "URI:file:///etc/crl") == Ids{"cert.locations"});
  CHECK(at("crlDistributionPoints", "URI:crl.example/a.crl") == Ids{"cert.locations"});
  CHECK(at("crlDistributionPoints", "DNS:crl.example") == Ids{"cert.locations"});
  CHECK(at("authorityInfoAccess", "caIssuers;URI:http://a_b.example/ca.der") == Ids{"cert.locations"});
}

TEST_CASE("cert.signature-algorithm") {
  CHECK(broken_by({.digest = "SHA384"}) == Ids{});
  CHECK(broken_by({.digest = "SHA1"}) == Ids{"cert.signature-algorithm"});
  CHECK(broken_by({.digest = "SHA224"}) == Ids{"cert.signature-algorithm"});
  // The last octet of ecdsa-with-SHA256 outside becomes that of ecdsa-with-SHA384.
  auto der = der_of_certificate(authority().issue({.extensions = server_lines()}));
  const Bytes oid{0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02};
  const auto outside = std::ranges::find_end(der, oid);
  REQUIRE(!outside.empty());
  *(outside.end() - 1) = 0x03;
  CHECK(ids_of(check_certificate(Certificate::parse(der).value(), {Purpose::Server, &issuer()})) ==
        Ids{"cert.signature-algorithm"});
}

TEST_CASE("cert.time-encoding") {
  const Instant half_century{std::chrono::sys_days{std::chrono::year{2050} / 1 / 1}};
  const auto ca_until = [](Instant end, bool generalized) {
    const auto made = make_certificate({.key_number = 12, .extensions = ca_lines(), .not_after = end},
                                       authority().root().get(), authority().root_key());
    if (generalized) {
      const OwnedTime time(ASN1_GENERALIZEDTIME_set(nullptr, end.time_since_epoch().count()));
      must(X509_set1_notAfter(made.get(), time.get()) == 1 &&
               X509_sign(made.get(), authority().root_key(), EVP_sha256()) > 0,
           "time");
    }
    static const Certificate root = parsed(authority().root());
    return ids_of(check_certificate(parsed(made), {Purpose::Ca, &root}));
  };
  CHECK(ca_until(half_century - std::chrono::days(6000), false) == Ids{});
  CHECK(ca_until(half_century - std::chrono::days(6000), true) == Ids{"cert.time-encoding"});
  CHECK(ca_until(half_century, false) == Ids{"cert.within-issuer"});
}

TEST_CASE("cert.name-constraints") {
  const auto under = [](const std::string& constraints, const std::string& names, const std::string& common_name) {
    const auto ca = make_certificate({.key_number = 13,
                                      .extensions = {{"basicConstraints", "critical,CA:TRUE"},
                                                     {"subjectKeyIdentifier", "hash"},
                                                     {"keyUsage", "critical,keyCertSign"},
                                                     {"nameConstraints", constraints}}},
                                     authority().root().get(), authority().root_key());
    const auto above = parsed(ca);
    const auto leaf = make_certificate({.key_number = 14,
                                        .subject = {{"CN", common_name}},
                                        .extensions = with(server_lines(), "subjectAltName", names)},
                                       ca.get(), test_key("ec:P-256", 13));
    return ids_of(check_certificate(parsed(leaf), {Purpose::Server, &above}));
  };
  const std::string within = "critical,permitted;DNS:example.com";
  CHECK(under(within, "DNS:a.example.com", "a.example.com") == Ids{});
  CHECK(under(within, "DNS:a.example.org", "a.example.com") == Ids{"cert.name-constraints"});
  CHECK(under(within, "DNS:a.example.com", "a.example.org") == Ids{"cert.name-constraints"});
  CHECK(under("critical,permitted;RID:1.2.3", "DNS:a.example.com", "a") == Ids{"cert.name-constraints"});
}

}  // namespace sealroom
