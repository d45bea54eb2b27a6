#include <catch2/catch.hpp>

#include "request_outcome.hpp"
#include "sealroom/x509/name.hpp"
#include "support/run_program.hpp"
#include "support/temporary_directory.hpp"

using namespace sealroom;
using namespace sealroom::testing;

namespace {

void run(const std::vector<std::string>& argv, const std::string& input = {}) {
  ProgramOptions options;
  options.input = input;
  const auto result = run_program(argv, options);
  INFO(argv[0] << ": " << result.out << result.err);
  REQUIRE(result.exit_code == 0);
}

// The names of the extensions that an accepted request asks for (keytool's order changes from run to run).
std::set<std::string> accepted_extensions(const std::string& file) {
  auto parsed = ParsedRequest::parse(as_bytes(file), {});
  REQUIRE(parsed);
  CHECK(printable_name(parsed->subject()).find("CN=broker.example.com") != std::string::npos);
  std::set<std::string> names;
  for (const auto& extension : parsed->extensions()) names.insert(extension.name);
  const auto verified = VerifiedCsr::verify(std::move(*parsed));
  CHECK(verified);
  return names;
}

}  // namespace

TEST_CASE("requests by openssl req are accepted, in PEM and in DER") {
  const TemporaryDirectory here;
  const std::string form = GENERATE("PEM", "DER");
  const std::vector<std::string> key =
      GENERATE(std::vector<std::string>{"-newkey", "rsa:2048"},
               std::vector<std::string>{"-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384"});
  std::vector<std::string> argv{"openssl",
                                "req",
                                "-new",
                                "-sha256",
                                "-nodes",
                                "-keyout",
                                here / "key.pem",
                                "-out",
                                here / "a.csr",
                                "-outform",
                                form,
                                "-subj",
                                "/C=DE/O=Example/CN=broker.example.com",
                                "-addext",
                                "subjectAltName=DNS:broker.example.com,IP:10.0.0.1"};
  argv.insert(argv.end(), key.begin(), key.end());
  run(argv);
  CHECK(accepted_extensions(here.read("a.csr")) == std::set<std::string>{"subjectAltName"});
}

TEST_CASE("requests with openssl's text before the PEM block are accepted") {
  const TemporaryDirectory here;
  run({"openssl", "req", "-new", "-text", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
       here / "key.pem", "-out", here / "a.csr", "-subj", "/CN=broker.example.com"});
  CHECK(accepted_extensions(here.read("a.csr")).empty());
}

TEST_CASE("requests by Java's keytool are accepted; the name must be given again to keep it") {
  const TemporaryDirectory here;
  const std::vector<std::string> key = GENERATE(std::vector<std::string>{"-keyalg", "RSA", "-keysize", "2048"},
                                                std::vector<std::string>{"-keyalg", "EC", "-groupname", "secp256r1"});
  std::vector<std::string> make{"keytool",        "-genkeypair",
                                "-alias",         "broker",
                                "-dname",         "CN=broker.example.com, O=Example",
                                "-ext",           "SAN=dns:broker.example.com",
                                "-keystore",      here / "store",
                                "-storepass:env", "STORE_PASSWORD",
                                "-storetype",     "PKCS12"};
  make.insert(make.end(), key.begin(), key.end());
  ProgramOptions options;
  options.environment = {"STORE_PASSWORD=changeit"};
  REQUIRE(run_program(make, options).exit_code == 0);
  const auto request = [&](const std::string& file, const std::vector<std::string>& more) {
    std::vector<std::string> argv{"keytool",      "-certreq",       "-alias",         "broker", "-keystore",
                                  here / "store", "-storepass:env", "STORE_PASSWORD", "-file",  here / file};
    argv.insert(argv.end(), more.begin(), more.end());
    REQUIRE(run_program(argv, options).exit_code == 0);
    return accepted_extensions(here.read(file));
  };
  CHECK(request("with.csr", {"-ext", "SAN=dns:broker.example.com"}) ==
        std::set<std::string>{"subjectAltName", "subjectKeyIdentifier"});
  CHECK(request("without.csr", {}) == std::set<std::string>{"subjectKeyIdentifier"});
}

TEST_CASE("requests by GnuTLS' certtool are accepted") {
  const TemporaryDirectory here;
  here.write("template",
             "organization = \"Example\"\ncn = \"broker.example.com\"\ndns_name = \"broker.example.com\"\n"
             "tls_www_server\nsigning_key\n");
  const std::vector<std::string> key = GENERATE(std::vector<std::string>{"--key-type=rsa", "--bits=2048"},
                                                std::vector<std::string>{"--key-type=ecdsa", "--curve=secp256r1"});
  std::vector<std::string> make{"certtool", "--generate-privkey", "--outfile", here / "key.pem"};
  make.insert(make.end(), key.begin(), key.end());
  run(make);
  run({"certtool", "--generate-request", "--hash=SHA256", "--load-privkey", here / "key.pem", "--template",
       here / "template", "--outfile", here / "a.csr"});
  CHECK(accepted_extensions(here.read("a.csr")).contains("subjectAltName"));
}
