#include <catch2/catch.hpp>

#include "sealroom/x509/certificate.hpp"
#include "sealroom/x509/name.hpp"
#include "support/der_writer.hpp"
#include "support/openssl_certificates.hpp"
#include "support/run_program.hpp"

using namespace sealroom;
using namespace sealroom::testing;

namespace {

const TestAuthority& authority() {
  static const TestAuthority one;
  return one;
}

Certificate parsed(const OwnedX509& certificate) {
  auto read = Certificate::parse(der_of_certificate(certificate));
  REQUIRE(read);
  return *read;
}

Instant at(const char* text) { return from_rfc3339(text).value(); }

// A certificate put together by hand; nobody checks its signature here.
struct HandmadeCertificate {
  Bytes version = der_value(0xa0, der_integer(2));
  Bytes serial = der_integer(7);
  Bytes algorithm = der_sequence({der_oid("1.2.840.10045.4.3.2")});
  Bytes outer_algorithm = algorithm;
  Bytes name = der_sequence({der_name_part("2.5.4.3", der_utf8("a"))});
  Bytes validity = der_sequence({der_text(0x17, "260101000000Z"), der_text(0x17, "270101000000Z")});
  Bytes spki = spki_of(test_key("ec:P-256"));
  Bytes extensions = {};
  Bytes signature = der_bits({0x30, 0x00});

  Bytes encoded() const {
    return der_sequence({der_sequence({version, serial, algorithm, name, validity, name, spki, extensions}),
                         outer_algorithm, signature});
  }
};

Bytes with_extensions(std::initializer_list<Bytes> all) {
  HandmadeCertificate certificate;
  certificate.extensions = der_value(0xa3, der_sequence(all));
  return certificate.encoded();
}

}  // namespace

TEST_CASE("a certificate gives back its parts as they stood") {
  const auto& root = authority().root();
  const Certificate certificate = parsed(root);
  CHECK(certificate.der() == der_of_certificate(root));
  CHECK(certificate.digest() == sha256(certificate.der()));
  CHECK(certificate.subject() == der_of(X509_get_subject_name(root.get()), i2d_X509_NAME));
  CHECK(certificate.issuer() == certificate.subject());
  CHECK(certificate.self_issued());
  CHECK(certificate.serial() == Bytes{100});
  CHECK(certificate.not_before() == at("2026-01-01T00:00:00Z"));
  CHECK(certificate.not_after() == at("2036-01-01T00:00:00Z"));
  CHECK(certificate.key().der() == spki_of(authority().root_key()));
  CHECK(certificate.is_ca());
  CHECK_FALSE(certificate.path_length());
  CHECK(certificate.may_sign_certificates());
  REQUIRE(certificate.extension("2.5.29.15") != nullptr);
  CHECK(certificate.extension("2.5.29.15")->critical);
  CHECK(certificate.extension("2.5.29.17") == nullptr);
  CHECK(certificate.extensions().size() == 4);
}

TEST_CASE("the to-be-signed octets are those that the signature is over") {
  const Certificate root = parsed(authority().root());
  const Bytes& der = root.der();
  const auto found = std::search(der.begin(), der.end(), root.to_be_signed().begin(), root.to_be_signed().end());
  CHECK(found == der.begin() + 4);
}

TEST_CASE("a certificate without a signature is read with the key it carries, and with no other") {
  const auto kind = GENERATE("ec:P-256", "rsa:2048", "ed25519");
  HandmadeCertificate handmade;
  handmade.spki = spki_of(test_key(kind));
  const auto whole = Certificate::parse(handmade.encoded());
  REQUIRE(whole);
  const auto read = Certificate::parse_unsigned(handmade.encoded(), whole->key());
  REQUIRE(read);
  CHECK(read->der() == whole->der());
  CHECK(read->to_be_signed() == whole->to_be_signed());
  CHECK(read->key().get() == X509_get0_pubkey(read->get()));
  CHECK(der_of(read->get(), i2d_X509) == whole->der());
  CHECK_FALSE(Certificate::parse_unsigned(handmade.encoded(), parsed(authority().root()).key()));
}

TEST_CASE("a certificate without a signature is refused when OpenSSL would write its key in other octets") {
  HandmadeCertificate handmade;
  const Bytes numbers = der_of(test_key("rsa:2048"), i2d_PublicKey);
  const auto with_parameters = [&](const Bytes& parameters) {
    handmade.spki = der_sequence({der_sequence({der_oid("1.2.840.113549.1.1.1"), parameters}), der_bits(numbers)});
    const auto whole = Certificate::parse(handmade.encoded());
    REQUIRE(whole);
    return Certificate::parse_unsigned(handmade.encoded(), whole->key());
  };
  CHECK(with_parameters(der_null()));
  CHECK_FALSE(with_parameters({}));
}

TEST_CASE("an intermediate has its path length, and a leaf no CA rights") {
  const Certificate intermediate = parsed(authority().intermediate());
  CHECK(intermediate.path_length() == 0);
  CHECK_FALSE(intermediate.self_issued());
  const Certificate leaf = parsed(authority().issue_leaf("serverAuth"));
  CHECK_FALSE(leaf.is_ca());
  CHECK_FALSE(leaf.may_sign_certificates());
}

TEST_CASE("without keyUsage a certificate may sign certificates, without basicConstraints it is no CA") {
  const auto read = Certificate::parse(HandmadeCertificate().encoded());
  REQUIRE(read);
  CHECK(read->may_sign_certificates());
  CHECK_FALSE(read->is_ca());
  CHECK(read->extensions().empty());
}

TEST_CASE("a serial is printed as openssl x509 -serial prints it") {
  HandmadeCertificate certificate;
  certificate.serial = GENERATE(Bytes{0x02, 0x01, 0x00}, Bytes{0x02, 0x01, 0x07}, Bytes{0x02, 0x02, 0x00, 0xff},
                                Bytes{0x02, 0x03, 0x01, 0x0a, 0xbc}, Bytes{0x02, 0x01, 0x80});
  const auto read = Certificate::parse(certificate.encoded());
  REQUIRE(read);
  ProgramOptions options;
  options.input = as_text(certificate.encoded());
  CHECK(run_program({"openssl", "x509", "-inform", "DER", "-noout", "-serial"}, options).out ==
        "serial=" + read->serial_hex() + "\n");
}

TEST_CASE("times of both kinds are read, with the turn of the century") {
  HandmadeCertificate certificate;
  certificate.validity = der_sequence({der_text(0x17, "500101000000Z"), der_text(0x17, "491231235959Z")});
  auto read = Certificate::parse(certificate.encoded());
  REQUIRE(read);
  CHECK(read->not_before() == at("1950-01-01T00:00:00Z"));
  CHECK(read->not_after() == at("2049-12-31T23:59:59Z"));
  certificate.validity = der_sequence({der_text(0x17, "260228235959Z"), der_text(0x18, "99991231235959Z")});
  read = Certificate::parse(certificate.encoded());
  REQUIRE(read);
  CHECK(read->not_after() == at("9999-12-31T23:59:59Z"));
}

TEST_CASE("times in other forms than RFC 5280 asks for are refused") {
  const Bytes bad =
      GENERATE(der_text(0x17, "2601010000Z"), der_text(0x17, "260101000000+0100"), der_text(0x18, "20260101000000.5Z"),
               der_text(0x17, "260230000000Z"), der_text(0x17, "261301000000Z"), der_text(0x17, "260101240000Z"),
               der_text(0x17, "26010100000Z "), der_text(0x18, "260101000000Z"), der_text(0x0c, "260101000000Z"));
  HandmadeCertificate certificate;
  certificate.validity = der_sequence({bad, der_text(0x17, "270101000000Z")});
  CHECK_FALSE(Certificate::parse(certificate.encoded()));
}

TEST_CASE("a certificate that is not DER, not one, or has octets behind it is refused") {
  const Bytes good = HandmadeCertificate().encoded();
  REQUIRE(Certificate::parse(good));
  CHECK_FALSE(Certificate::parse(Bytes{}));
  CHECK_FALSE(Certificate::parse(joined({good, {0x00}})));
  CHECK_FALSE(Certificate::parse(Bytes(good.begin(), good.end() - 1)));
  CHECK_FALSE(Certificate::parse(make_request()));
  CHECK_FALSE(Certificate::parse(der_sequence({})));
}

TEST_CASE("a certificate with a malformed part is refused") {
  HandmadeCertificate certificate;
  SECTION("a serial that is not minimal") { certificate.serial = {0x02, 0x02, 0x00, 0x07}; }
  SECTION("a version that is spelled out although it is the default") {
    certificate.version = der_value(0xa0, der_integer(0));
  }
  SECTION("extensions in version 2") {
    certificate.version = der_value(0xa0, der_integer(1));
    certificate.extensions = der_value(0xa3, der_sequence({der_extension("2.5.29.15", {0x03, 0x02, 0x02, 0x04})}));
  }
  SECTION("extensions without a version") {
    certificate.version = {};
    certificate.extensions = der_value(0xa3, der_sequence({der_extension("2.5.29.15", {0x03, 0x02, 0x02, 0x04})}));
  }
  SECTION("version 4") { certificate.version = der_value(0xa0, der_integer(3)); }
  SECTION("a name that is none") { certificate.name = der_sequence({der_null()}); }
  SECTION("a key that cannot be decoded") {
    certificate.spki = der_sequence({der_sequence({der_oid("1.2.840.113549.1.1.1"), der_null()}), der_bits({0x00})});
  }
  SECTION("something behind the extensions") { certificate.extensions = joined({der_null()}); }
  SECTION("a signature of a fraction of an octet") { certificate.signature = {0x03, 0x02, 0x01, 0x80}; }
  CHECK_FALSE(Certificate::parse(certificate.encoded()));
}

TEST_CASE("certificates of versions 1 and 2 are read when they have no extensions") {
  HandmadeCertificate certificate;
  certificate.version = GENERATE(Bytes{}, der_value(0xa0, der_integer(1)), der_value(0xa0, der_integer(2)));
  CHECK(Certificate::parse(certificate.encoded()));
}

TEST_CASE("extensions stand once, in their shape, and mean something") {
  const Bytes usage = der_extension("2.5.29.15", {0x03, 0x02, 0x02, 0x04});
  CHECK(Certificate::parse(with_extensions({usage})));
  CHECK_FALSE(Certificate::parse(with_extensions({usage, usage})));
  CHECK_FALSE(Certificate::parse(with_extensions({der_null()})));
  CHECK_FALSE(Certificate::parse(with_extensions({der_extension("2.5.29.15", {0x05, 0x00})})));
  CHECK_FALSE(Certificate::parse(with_extensions({der_extension("2.5.29.19", {0x05, 0x00})})));
  CHECK_FALSE(Certificate::parse(with_extensions({der_extension("2.5.29.19", der_sequence({{0x01, 0x01, 0x00}}))})));
  CHECK_FALSE(Certificate::parse(with_extensions({der_extension("2.5.29.19", der_sequence({{0x02, 0x01, 0xff}}))})));
  CHECK_FALSE(Certificate::parse(with_extensions(
      {der_sequence({der_oid("2.5.29.15"), {0x01, 0x01, 0x00}, der_value(0x04, {0x03, 0x02, 0x02, 0x04})})})));
}

TEST_CASE("a path length is read in full") {
  const auto read = Certificate::parse(
      with_extensions({der_extension("2.5.29.19", der_sequence({{0x01, 0x01, 0xff}, {0x02, 0x02, 0x01, 0x00}}))}));
  REQUIRE(read);
  CHECK(read->path_length() == 256);
}

TEST_CASE("a certificate is signed by its issuer's key and by no other") {
  const Certificate root = parsed(authority().root());
  const Certificate intermediate = parsed(authority().intermediate());
  CHECK(intermediate.signed_by(root.key()));
  CHECK(root.signed_by(root.key()));
  CHECK_FALSE(intermediate.signed_by(intermediate.key()));
  Bytes tampered = intermediate.der();
  tampered.back() ^= 1;
  const auto changed = Certificate::parse(tampered);
  REQUIRE(changed);
  CHECK_FALSE(changed->signed_by(root.key()));
}

TEST_CASE("a signature with SHA-1, or whose algorithm is named differently inside, counts for nothing") {
  CertificateRecipe recipe;
  const Certificate good = parsed(make_certificate(recipe, nullptr, test_key("ec:P-256")));
  CHECK(good.signed_by(good.key()));
  recipe.digest = "SHA1";
  const Certificate sha1 = parsed(make_certificate(recipe, nullptr, test_key("ec:P-256")));
  CHECK_FALSE(sha1.signed_by(sha1.key()));

  const Bytes algorithm = der_sequence({der_oid("1.2.840.10045.4.3.2")});
  const Bytes other = der_sequence({der_oid("1.2.840.10045.4.3.3")});
  Bytes changed = good.der();
  const auto last = std::find_end(changed.begin(), changed.end(), algorithm.begin(), algorithm.end());
  std::ranges::copy(other, last);
  const auto read = Certificate::parse(changed);
  REQUIRE(read);
  CHECK_FALSE(read->signed_by(read->key()));
}

TEST_CASE("an RSA issuer's signature is checked, too") {
  const TestAuthority rsa("rsa:2048");
  CHECK(parsed(rsa.intermediate()).signed_by(parsed(rsa.root()).key()));
  CHECK_FALSE(parsed(rsa.intermediate()).signed_by(parsed(authority().root()).key()));
}
