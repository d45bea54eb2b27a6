#include "plan_fixture.hpp"

namespace sealroom {
namespace {

using namespace testing;

Permit server_permit(const IssuerConfig& config, const Profile& profile = kServer) {
  auto rules = tiers().rules(profile);
  rules.issuer = &config;
  return permit_for(make_request({}), rules);
}

IssuerConfig with_server_line(const std::string& from, const std::string& to) {
  return issuer_config(changed(shipped("issuers/intermediate.cnf"), from, to), "issuers/intermediate.cnf");
}

}  // namespace

TEST_CASE("a serial is 20 octets of the hash of both sources with the top bit cleared") {
  const Bytes kernel(32, 0x11);
  const Bytes token(32, 0x22);
  const auto serial = make_serial(kernel, token);
  REQUIRE(serial);
  Bytes both = kernel;
  both.insert(both.end(), token.begin(), token.end());
  const auto digest = sha256(both);
  CHECK((*serial)[0] == (digest[0] & 0x7f));
  CHECK(std::equal(serial->begin() + 1, serial->end(), digest.begin() + 1));
  CHECK(make_serial(kernel, {}) != make_serial(kernel, token));
}

TEST_CASE("a serial has no first octet that DER would leave out or take for a sign") {
  int refused = 0;
  for (unsigned i = 0; i < 4096; ++i) {
    Bytes kernel(32, static_cast<std::uint8_t>(i & 0xff));
    kernel[0] = static_cast<std::uint8_t>(i >> 8);
    const auto first = sha256(kernel)[0] & 0x7f;
    const auto serial = make_serial(kernel, {});
    CHECK(serial.has_value() == (first != 0));
    if (serial) CHECK((*serial)[0] == first);
    refused += !serial;
  }
  CHECK(refused > 0);
}

TEST_CASE("a planned certificate keeps serial, dates, subject and the key's octets") {
  const auto request = make_request({.key = "rsa:2048"});
  const auto permit = permit_for(request, tiers().rules());
  const auto planned = plan_for(permit, serial_of(7));
  const auto certificate = signed_by(planned, tiers().key());
  CHECK(certificate.to_be_signed() == planned.to_be_signed());
  CHECK(certificate.serial_hex() == to_upper_hex(serial_of(7)));
  CHECK(certificate.subject() == planned.subject());
  CHECK(certificate.not_before() == planned.validity().not_before);
  CHECK(certificate.not_after() == planned.validity().not_after);
  CHECK(certificate.key().der() == permit.csr().request().key().der());
  CHECK(planned.hash() == HashAlgorithm::Sha256);
  CHECK(certificate.signed_by(tiers().intermediate().key()));
}

TEST_CASE("a serial with leading zero octets is a short INTEGER") {
  Serial serial{};
  serial.back() = 5;
  const auto certificate = signed_by(plan_for(permit_for(make_request({}), tiers().rules()), serial), tiers().key());
  CHECK(certificate.serial() == Bytes{5});
}

TEST_CASE("the shipped chain verifies strictly for its purposes") {
  const std::string kind = GENERATE("ec:P-256", "rsa:2048");
  const TwoTiers made(kind);
  const auto server = signed_by(plan_for(permit_for(make_request({}), made.rules()), serial_of(3)), made.key());
  const auto client = signed_by(plan_for(permit_for(make_request({}), made.rules(kClient)), serial_of(4)), made.key());
  const auto at = kNow + std::chrono::days(1);
  CHECK(verify_chain({server, made.intermediate(), made.root()}, at, "sslserver"));
  CHECK(verify_chain({client, made.intermediate(), made.root()}, at, "sslclient"));
  CHECK_FALSE(verify_chain({client, made.intermediate(), made.root()}, at, "sslserver"));
}

TEST_CASE("a section that would break a certificate rule fails when the certificate is built") {
  struct Row {
    std::string from;
    std::string to;
    std::string id;
  };
  const auto row = GENERATE(values<Row>({
      {"[server_cert]\nbasicConstraints       = CA:FALSE", "[server_cert]\nbasicConstraints = critical,CA:TRUE",
       "cert.basic-constraints"},
      {"extendedKeyUsage       = serverAuth", "extendedKeyUsage = clientAuth", "cert.extended-key-usage"},
      {"extendedKeyUsage       = serverAuth", "extendedKeyUsage = serverAuth,anyExtendedKeyUsage",
       "cert.extended-key-usage"},
      {"nsCertType             = server", "nsCertType = server,sslCA", "cert.netscape-type"},
      {"keyUsage               = critical, digitalSignature, keyEncipherment\nextendedKeyUsage       = serverAuth",
       "keyUsage = critical,digitalSignature,cRLSign\nextendedKeyUsage = serverAuth", "cert.key-usage"},
  }));
  CAPTURE(row.to);
  const auto config = with_server_line(row.from, row.to);
  const auto planned = PlannedCertificate::build(server_permit(config), serial_of(8));
  REQUIRE_FALSE(planned);
  CHECK(planned.error().kind == ErrorKind::Failed);
  CHECK(planned.error().message.find(row.id) != std::string::npos);
  CHECK(planned.error().hint.find("server_cert") != std::string::npos);
}

TEST_CASE("assembling needs a TBSCertificate of version 3") {
  const auto planned = plan_for(permit_for(make_request({}), tiers().rules()), serial_of(9));
  CHECK(assemble_certificate(planned.to_be_signed(), Bytes{1, 2, 3}));
  auto longer = planned.to_be_signed();
  longer.push_back(0);
  CHECK_FALSE(assemble_certificate(longer, Bytes{1}));
  CHECK_FALSE(assemble_certificate(ByteView(planned.to_be_signed()).first(20), Bytes{1}));
  CHECK_FALSE(assemble_certificate(Bytes{}, Bytes{1}));
  CHECK_FALSE(assemble_certificate(make_request({}), Bytes{1}));
}

TEST_CASE("a tampered plan does not verify under the issuer") {
  const auto planned = plan_for(permit_for(make_request({}), tiers().rules()), serial_of(10));
  auto der = signed_by(planned, tiers().key()).der();
  const auto at = std::search(der.begin(), der.end(), planned.subject().begin(), planned.subject().end());
  REQUIRE(at != der.end());
  *(at + static_cast<std::ptrdiff_t>(planned.subject().size()) - 1) ^= 1;
  const auto changed_certificate = Certificate::parse(der);
  REQUIRE(changed_certificate);
  CHECK_FALSE(changed_certificate->signed_by(tiers().intermediate().key()));
}

}  // namespace sealroom
