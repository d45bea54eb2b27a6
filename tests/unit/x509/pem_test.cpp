#include <catch2/catch.hpp>

#include "sealroom/x509/pem.hpp"
#include "support/openssl_certificates.hpp"
#include "support/run_program.hpp"

using namespace sealroom;
using namespace sealroom::testing;

namespace {

Bytes certificate() {
  static const TestAuthority authority;
  return der_of_certificate(authority.root());
}

}  // namespace

TEST_CASE("PEM is written as OpenSSL writes it") {
  ProgramOptions options;
  options.input = to_pem("CERTIFICATE", certificate());
  const auto result = run_program({"openssl", "x509"}, options);
  CHECK(result.out == options.input);
  CHECK(to_pem("X", Bytes(48, 0)) == "-----BEGIN X-----\n" + std::string(64, 'A') + "\n-----END X-----\n");
  CHECK(to_pem("X", Bytes(51, 0)) == "-----BEGIN X-----\n" + std::string(64, 'A') + "\nAAAA\n-----END X-----\n");
}

TEST_CASE("certificates are read in order, with text and other blocks between them") {
  const Bytes first = certificate();
  const Bytes second = {0x30, 0x00};
  const std::string file = "subject=x\n" + to_pem("CERTIFICATE", first) + "more text\r\n" + to_pem("X509 CRL", second) +
                           to_pem("CERTIFICATE", second);
  const auto read = read_certificates(as_bytes(file), "chain.pem");
  REQUIRE(read);
  CHECK(*read == std::vector<Bytes>{first, second});
}

TEST_CASE("one certificate in DER is read as it is") {
  const auto read = read_certificates(certificate(), "ca.der");
  REQUIRE(read);
  CHECK(*read == std::vector<Bytes>{certificate()});
}

TEST_CASE("a file of certificates that holds none, or something broken, is named in the error") {
  const std::string pem = to_pem("CERTIFICATE", certificate());
  const std::string bad = GENERATE_COPY(std::string(), std::string("hello"), to_pem("X509 CRL", certificate()),
                                        pem.substr(0, pem.size() / 2), pem.substr(0, 60) + "*" + pem.substr(61));
  const auto read = read_certificates(as_bytes(bad), "chain.pem");
  REQUIRE_FALSE(read);
  CHECK(read.error().kind == ErrorKind::Failed);
  CHECK(read.error().message.starts_with("chain.pem: "));
}

TEST_CASE("a private key among certificates is refused without being repeated") {
  const std::string key = private_key_pem(test_key("ec:P-256"));
  const auto read = read_certificates(as_bytes(to_pem("CERTIFICATE", certificate()) + key), "chain.pem");
  REQUIRE_FALSE(read);
  CHECK(read.error().message.find("private key") != std::string::npos);
  CHECK(read.error().message.find(key.substr(40, 20)) == std::string::npos);
}
