#include <catch2/catch.hpp>

#include <array>

#include "sealroom/x509/certificate.hpp"
#include "sealroom/x509/issuer_chain.hpp"
#include "sealroom/x509/pem.hpp"
#include "support/openssl_certificates.hpp"
#include "support/run_program.hpp"
#include "support/temporary_directory.hpp"

using namespace sealroom;
using namespace sealroom::testing;

namespace {

Certificate parsed(const OwnedX509& certificate) {
  auto read = Certificate::parse(der_of_certificate(certificate));
  REQUIRE(read);
  return *read;
}

const TestAuthority& authority() {
  static const TestAuthority one;
  return one;
}

std::vector<Certificate> chain_of(const std::string& usage) {
  return {parsed(authority().issue_leaf(usage)), parsed(authority().intermediate()), parsed(authority().root())};
}

Instant at(const char* text) { return from_rfc3339(text).value(); }

const Instant kValid = at("2026-06-01T00:00:00Z");

}  // namespace

TEST_CASE("a chain verifies for the purpose of its leaf and for no other") {
  CHECK(verify_chain(chain_of("serverAuth"), kValid, "sslserver"));
  CHECK(verify_chain(chain_of("clientAuth"), kValid, "sslclient"));
  CHECK(verify_chain(chain_of("serverAuth"), kValid, "any"));
  CHECK_FALSE(verify_chain(chain_of("serverAuth"), kValid, "sslclient"));
  CHECK_FALSE(verify_chain(chain_of("clientAuth"), kValid, "sslserver"));
  const auto unknown = verify_chain(chain_of("clientAuth"), kValid, "tea");
  REQUIRE_FALSE(unknown);
  CHECK(unknown.error().message.find("tea") != std::string::npos);
}

TEST_CASE("only a CA verifies for the purpose of one") {
  CHECK(verify_chain({parsed(authority().root())}, kValid, "ca"));
  CHECK(verify_chain({parsed(authority().intermediate()), parsed(authority().root())}, kValid, "ca"));
  const auto leaf = verify_chain(chain_of("serverAuth"), kValid, "ca");
  REQUIRE_FALSE(leaf);
  CHECK(leaf.error().message.find("is no CA") != std::string::npos);
}

TEST_CASE("a root alone, and an intermediate below it, verify for any purpose") {
  CHECK(verify_chain({parsed(authority().root())}, kValid, "any"));
  CHECK(verify_chain({parsed(authority().intermediate()), parsed(authority().root())}, kValid, "any"));
}

TEST_CASE("a chain verifies to the last second of its leaf, and not before or after") {
  const auto chain = chain_of("serverAuth");
  CHECK(verify_chain(chain, at("2026-01-01T00:00:00Z"), "sslserver"));
  CHECK(verify_chain(chain, at("2026-12-31T23:59:59Z"), "sslserver"));
  CHECK_FALSE(verify_chain(chain, at("2025-12-31T23:59:59Z"), "sslserver"));
  const auto late = verify_chain(chain, at("2027-01-01T00:00:01Z"), "sslserver");
  REQUIRE_FALSE(late);
  CHECK(late.error().message.find("certificate 1 of 3") != std::string::npos);
  CHECK(late.error().message.find("CN=broker.example.com") != std::string::npos);
  CHECK(late.error().message.find("expired") != std::string::npos);
}

TEST_CASE("only the last certificate is trusted") {
  const auto chain = chain_of("serverAuth");
  CHECK_FALSE(verify_chain({chain[0], chain[1]}, kValid, "sslserver"));
  CHECK_FALSE(verify_chain({chain[0], chain[2]}, kValid, "sslserver"));
  CHECK_FALSE(verify_chain({chain[0]}, kValid, "sslserver"));
  CHECK_FALSE(verify_chain({}, kValid, "sslserver"));
}

TEST_CASE("a root of the same name with another key does not verify the chain") {
  const TestAuthority other("ec:P-384");
  auto chain = chain_of("serverAuth");
  chain.back() = parsed(other.root());
  CHECK_FALSE(verify_chain(chain, kValid, "sslserver"));
}

TEST_CASE("a tampered leaf, and a leaf below a leaf, are refused") {
  auto chain = chain_of("serverAuth");
  Bytes tampered = chain[0].der();
  tampered.back() ^= 1;
  chain[0] = Certificate::parse(tampered).value();
  CHECK_FALSE(verify_chain(chain, kValid, "sslserver"));

  const OwnedX509 leaf = authority().issue_leaf("serverAuth");
  CertificateRecipe below;
  below.subject = {{"CN", "below"}};
  below.extensions = {
      {"basicConstraints", "CA:FALSE"}, {"subjectKeyIdentifier", "hash"}, {"authorityKeyIdentifier", "keyid"}};
  const auto issued = parsed(make_certificate(below, leaf.get(), test_key("ec:P-256")));
  CHECK_FALSE(verify_chain({issued, parsed(leaf), parsed(authority().intermediate()), parsed(authority().root())},
                           kValid, "any"));
}

TEST_CASE("verification is strict: a CA certificate without a key identifier is refused") {
  CertificateRecipe root;
  root.subject = {{"CN", "Lax Root"}};
  root.extensions = {{"basicConstraints", "critical,CA:TRUE"}, {"keyUsage", "critical,keyCertSign"}};
  CertificateRecipe leaf;
  leaf.extensions = {{"basicConstraints", "CA:FALSE"}, {"subjectKeyIdentifier", "hash"}};
  const auto chain_below = [&](const CertificateRecipe& recipe) {
    const OwnedX509 issuer = make_certificate(recipe, nullptr, test_key("ec:P-256", 5));
    CertificateRecipe issued = leaf;
    if (recipe.extensions.size() > 2) issued.extensions.emplace_back("authorityKeyIdentifier", "keyid");
    return std::vector<Certificate>{parsed(make_certificate(issued, issuer.get(), test_key("ec:P-256", 5))),
                                    parsed(issuer)};
  };
  root.key_number = 5;
  CHECK_FALSE(verify_chain(chain_below(root), kValid, "any"));
  root.extensions.emplace_back("subjectKeyIdentifier", "hash");
  root.extensions.emplace_back("authorityKeyIdentifier", "keyid");
  CHECK(verify_chain(chain_below(root), kValid, "any"));
}

TEST_CASE("a PKCS#7 bag is read by openssl and by Java's keytool, in the order of the chain") {
  const auto chain = chain_of("serverAuth");
  const TemporaryDirectory here;
  const Bytes bag = to_pkcs7(std::vector<ByteView>{chain[0].der(), chain[1].der(), chain[2].der()});
  here.write("chain.p7b", as_text(bag));
  const auto openssl = run_program({"openssl", "pkcs7", "-inform", "DER", "-in", here / "chain.p7b", "-print_certs"});
  REQUIRE(openssl.exit_code == 0);
  const auto read = read_certificates(as_bytes(openssl.out), "chain.p7b");
  REQUIRE(read);
  CHECK(*read == std::vector<Bytes>{chain[0].der(), chain[1].der(), chain[2].der()});
  const auto keytool = run_program({"keytool", "-printcert", "-file", here / "chain.p7b"});
  INFO(keytool.out << keytool.err);
  CHECK(keytool.exit_code == 0);
  CHECK(keytool.out.find("CN=Test Intermediate CA") != std::string::npos);
  here.write("chain.pem", to_pem("PKCS7", bag));
  CHECK(run_program({"openssl", "pkcs7", "-in", here / "chain.pem", "-noout"}).exit_code == 0);
  std::string certificates;
  for (const auto& certificate : chain) certificates += to_pem(kCertificatePem, certificate.der());
  here.write("certificates.pem", certificates);
  const auto theirs = run_program({"openssl", "crl2pkcs7", "-nocrl", "-certfile", here / "certificates.pem"});
  CHECK(theirs.out == to_pem("PKCS7", bag));
}

TEST_CASE("an issuer's chain admits what verify_chain() accepts, whoever has signed it") {
  const auto chain = chain_of("serverAuth");
  const auto above = IssuerChain::verify({chain[1], chain[2]});
  REQUIRE(above);
  CHECK(above->admits(chain[0], "sslserver"));
  CHECK_FALSE(above->admits(chain[0], "sslclient"));
  CHECK_FALSE(above->admits(chain[0], "ca"));
  auto unsigned_der = chain[0].der();
  unsigned_der.back() ^= 1;
  const auto unsigned_leaf = Certificate::parse(unsigned_der);
  REQUIRE(unsigned_leaf);
  CHECK_FALSE(unsigned_leaf->signed_by(chain[1].key()));
  CHECK(above->admits(*unsigned_leaf, "sslserver"));
  const auto root_alone = IssuerChain::verify({chain[2]});
  REQUIRE(root_alone);
  CHECK_FALSE(root_alone->admits(chain[0], "sslserver"));
}

TEST_CASE("an issuer's chain admits nothing that outlives one of its certificates, or is older") {
  const auto chain = chain_of("serverAuth");
  const auto above = IssuerChain::verify({chain[1], chain[2]});
  REQUIRE(above);
  const auto leaf = [&](const char* from, const char* until) {
    const CertificateRecipe recipe{.extensions = {{"subjectKeyIdentifier", "hash"},
                                                  {"authorityKeyIdentifier", "keyid:always"},
                                                  {"subjectAltName", "DNS:broker.example.com"}},
                                   .not_before = at(from),
                                   .not_after = at(until)};
    return parsed(authority().issue(recipe));
  };
  CHECK(above->admits(leaf("2026-01-01T00:00:00Z", "2036-01-01T00:00:00Z"), "any"));
  CHECK_FALSE(above->admits(leaf("2025-12-31T23:59:59Z", "2036-01-01T00:00:00Z"), "any"));
  CHECK_FALSE(above->admits(leaf("2026-01-01T00:00:00Z", "2036-01-01T00:00:01Z"), "any"));
  CHECK_FALSE(above->admits(leaf("2027-01-01T00:00:00Z", "2027-01-01T00:00:00Z"), "any"));
}

TEST_CASE("an issuer's chain is of CAs, each signed by the next") {
  const auto chain = chain_of("serverAuth");
  CHECK(IssuerChain::verify({chain[2]}));
  CHECK_FALSE(IssuerChain::verify({}));
  CHECK_FALSE(IssuerChain::verify({chain[1]}));
  CHECK_FALSE(IssuerChain::verify({chain[0], chain[1], chain[2]}));
  CHECK_FALSE(IssuerChain::verify({chain[2], chain[1]}));
  const TestAuthority other("ec:P-384");
  CHECK_FALSE(IssuerChain::verify({chain[1], parsed(other.root())}));
}
