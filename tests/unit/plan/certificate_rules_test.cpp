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
  CHECK(broken_by_lines(with(server_lines(), "authorityKeyIdentifier", "critical,keyid")) ==
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
  CHECK(broken_by_ca(with(ca_lines(), "basicConstraints", "CA:TRUE")) == Ids{"cert.basic-constraints"});
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
  CHECK(broken_by({.subject = {}}) == Ids{"cert.subject"});
  CHECK(broken_by({.subject = {}, .extensions = with(server_lines(), "subjectAltName", "critical,DNS:a.example")}) ==
        Ids{});
}

TEST_CASE("cert.subject-key-identifier") {
  CHECK(broken_by_ca(without(ca_lines(), "subjectKeyIdentifier")) == Ids{"cert.subject-key-identifier"});
  CHECK(broken_by_ca(with(ca_lines(), "subjectKeyIdentifier", "DER:0400")) == Ids{"cert.subject-key-identifier"});
}

}  // namespace sealroom
