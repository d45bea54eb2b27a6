#include "sealroom/x509/signed_octets.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>

#include "sealroom/x509/certificate.hpp"
#include "support/openssl_certificates.hpp"

using namespace sealroom;
using namespace sealroom::testing;

namespace {

const TestAuthority& authority(const std::string& kind) {
  static const TestAuthority rsa("rsa:2048"), ec("ec:P-256");
  return kind == "rsa:2048" ? rsa : ec;
}

PublicKey issuers_key(const std::string& kind) { return PublicKey::of(authority(kind).intermediate_key()).value(); }

// The last place where `octets` stand in `der`.
std::size_t last_of(const Bytes& der, const Bytes& octets) {
  return static_cast<std::size_t>(std::ranges::find_end(der, octets).begin() - der.begin());
}

}  // namespace

TEST_CASE("the three parts of a certificate are read, and its issuer's signature verifies") {
  const std::string kind = GENERATE("rsa:2048", "ec:P-256");
  const auto der = der_of_certificate(authority(kind).issue_leaf("serverAuth"));
  const auto read = SignedOctets::read(der);
  REQUIRE(read);
  CHECK(equal(read->to_be_signed(), Certificate::parse(der).value().to_be_signed()));
  CHECK(read->signed_by(issuers_key(kind)));
  CHECK_FALSE(read->signed_by(PublicKey::of(authority(kind).root_key()).value()));
  CHECK_FALSE(read->signed_by(issuers_key(kind == "rsa:2048" ? "ec:P-256" : "rsa:2048")));
}

TEST_CASE("no octet of a signed certificate can be another") {
  const std::string kind = GENERATE("rsa:2048", "ec:P-256");
  const auto key = issuers_key(kind);
  auto der = der_of_certificate(authority(kind).issue_leaf("serverAuth"));
  for (auto& octet : der) {
    for (const auto change : std::array<std::uint8_t, 2>{0x01, 0x80}) {
      octet = static_cast<std::uint8_t>(octet ^ change);
      const auto read = SignedOctets::read(der);
      if (read && read->signed_by(key)) FAIL("octet " << (&octet - der.data()) << " may be another");
      octet = static_cast<std::uint8_t>(octet ^ change);
    }
  }
  CHECK_FALSE(SignedOctets::read(ByteView(der).first(der.size() - 1)));
  der.push_back(0);
  CHECK_FALSE(SignedOctets::read(der));
  CHECK_FALSE(SignedOctets::read({}));
}

TEST_CASE("an algorithm outside that is not the one inside is nobody's signature") {
  auto der = der_of_certificate(authority("ec:P-256").issue_leaf("serverAuth"));
  const Bytes with_sha256{0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02};
  der[last_of(der, with_sha256) + with_sha256.size() - 1] = 0x03;  // ecdsa-with-SHA384
  const auto read = SignedOctets::read(der);
  REQUIRE(read);
  CHECK_FALSE(read->signed_by(issuers_key("ec:P-256")));
}
