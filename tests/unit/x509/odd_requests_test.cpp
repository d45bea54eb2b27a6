#include <catch2/catch.hpp>

#include "request_outcome.hpp"
#include "support/der_writer.hpp"

// Requests as odd tools and attackers make them: each with the verdict that it gets, and most with the neighbour on the
// other side of the rule.

using namespace sealroom;
using namespace sealroom::testing;

namespace {

constexpr const char* kExtensionRequest = "1.2.840.113549.1.9.14";
constexpr const char* kMicrosoftExtensions = "1.3.6.1.4.1.311.2.1.14";
constexpr const char* kChallengePassword = "1.2.840.113549.1.9.7";
constexpr const char* kSubjectAltName = "2.5.29.17";
constexpr const char* kPrivate = "1.3.6.1.4.1.99999.1";

Ids with_attributes(const Bytes& attributes) {
  HandmadeRequest request;
  request.attributes = attributes;
  return refused_with(request.encoded());
}

Ids with_attribute_value(const Bytes& value) {
  return with_attributes(der_value(0xa0, der_attribute(kPrivate, {value})));
}

Ids with_extensions(const Bytes& list) {
  return with_attributes(der_value(0xa0, der_attribute(kExtensionRequest, {list})));
}

Ids with_algorithm(const Bytes& algorithm) {
  HandmadeRequest request;
  request.algorithm = algorithm;
  return refused_with(request.encoded());
}

// What is said about a key of this algorithm.
Ids with_key_of(const Bytes& algorithm, std::size_t octets) {
  HandmadeRequest request;
  request.spki = der_sequence({algorithm, der_bits(Bytes(octets, 0x42))});
  Ids ids = refused_with(request.encoded());
  ids.erase("signature.mismatch");
  return ids;
}

Bytes names_extension(const Bytes& value) { return der_extension(kSubjectAltName, value); }

}  // namespace

TEST_CASE("signature algorithms outside the list are refused, whatever their parameters") {
  const std::string oid = GENERATE("1.2.840.113549.1.1.2",     // MD2 with RSA
                                   "1.2.840.113549.1.1.4",     // MD5 with RSA
                                   "1.2.840.113549.1.1.5",     // SHA-1 with RSA
                                   "1.3.14.3.2.29",            // SHA-1 with RSA, OIW's name
                                   "1.2.840.113549.1.1.10",    // RSASSA-PSS
                                   "1.2.840.113549.1.1.14",    // SHA-224 with RSA
                                   "1.2.840.113549.1.1.16",    // SHA-512/256 with RSA
                                   "2.16.840.1.101.3.4.3.14",  // SHA3-256 with RSA
                                   "1.2.840.113549.1.1.1",     // rsaEncryption, no signature algorithm at all
                                   "1.2.840.10045.4.1",        // ECDSA with SHA-1
                                   "1.2.840.10045.4.3",        // ECDSA with a hash in its parameters
                                   "1.2.840.10045.4.3.1",      // ECDSA with SHA-224
                                   "2.16.840.1.101.3.4.3.10",  // ECDSA with SHA3-256
                                   "2.16.840.1.101.3.4.3.2",   // DSA with SHA-256
                                   "1.3.101.113",              // Ed448
                                   "1.2.156.10197.1.501",      // SM2 with SM3
                                   "1.2.643.7.1.1.3.2",        // GOST R 34.10-2012
                                   "1.3.6.1.4.1.99999.7");     // nobody's
  CHECK(with_algorithm(der_sequence({der_oid(oid)})) == Ids{"signature.algorithm"});
  CHECK(with_algorithm(der_sequence({der_oid(oid), der_null()})) == Ids{"signature.algorithm"});
}

TEST_CASE("an algorithm identifier of another shape is no PKCS#10") {
  const Bytes oid = der_oid("1.2.840.10045.4.3.2");
  CHECK(with_algorithm(der_sequence({})) == Ids{"request.not-pkcs10"});
  CHECK(with_algorithm(der_sequence({der_null()})) == Ids{"request.not-pkcs10"});
  CHECK(with_algorithm(der_sequence({oid, der_null(), der_null()})) == Ids{"request.not-pkcs10"});
  CHECK(with_algorithm(oid) == Ids{"request.not-pkcs10"});
}

TEST_CASE("keys of algorithms outside the list are refused by name") {
  const std::string oid = GENERATE("1.2.840.10040.4.1",         // DSA
                                   "1.2.840.10046.2.1",         // X9.42 Diffie-Hellman
                                   "1.2.840.113549.1.1.7",      // RSAES-OAEP
                                   "1.2.840.113549.1.1.10",     // RSASSA-PSS
                                   "2.5.8.1.1",                 // RSA, the name of X.509 (1988)
                                   "1.3.101.110",               // X25519
                                   "1.3.101.111",               // X448
                                   "1.3.101.113",               // Ed448
                                   "1.3.132.1.12",              // id-ecDH
                                   "1.2.643.7.1.1.1.1",         // GOST R 34.10-2012
                                   "2.16.840.1.101.3.4.3.17");  // ML-DSA-44
  CHECK(with_key_of(der_sequence({der_oid(oid)}), 32) == Ids{"key.algorithm"});
  CHECK(with_key_of(der_sequence({der_oid(oid), der_null()}), 57) == Ids{"key.algorithm"});
}

TEST_CASE("an EC key whose coordinates are not those of a point is refused") {
  const Bytes algorithm = der_sequence({der_oid("1.2.840.10045.2.1"), der_oid("1.2.840.10045.3.1.7")});
  const auto refused = [&](const Bytes& point) {
    HandmadeRequest request;
    request.spki = der_sequence({algorithm, der_bits(point)});
    return refused_with(request.encoded());
  };
  const Bytes spki = spki_of(test_key("ec:P-256"));
  const Bytes point(spki.end() - 65, spki.end());
  CHECK(refused(point).empty());
  CHECK(refused(joined({{0x04}, Bytes(64, 0x00)})) == Ids{"key.point"});
  CHECK(refused(joined({{0x04}, Bytes(64, 0xff)})) == Ids{"key.point"});  // not reduced modulo the field's prime
  CHECK(refused(joined({point, {0x00}})) == Ids{"key.point"});
  CHECK(refused(joined({{0x00}, Bytes(64, 0x00)})) == Ids{"key.point"});  // infinity with something behind it
  CHECK(refused(Bytes(97, 0x04)) == Ids{"key.point"});                    // of the size of P-384
}

TEST_CASE("attributes are a set of attributes in [0], or left out") {
  const Bytes attribute = der_attribute(kPrivate, {der_utf8("a")});
  CHECK(with_attributes({}).empty());
  CHECK(with_attributes(der_value(0xa0, {})).empty());
  CHECK(with_attributes(der_value(0xa0, attribute)).empty());
  CHECK(with_attributes(der_value(0xa0, der_set({attribute}))) == Ids{"request.not-pkcs10"});  // tagged explicitly
  CHECK(with_attributes(der_value(0xa1, attribute)) == Ids{"request.not-pkcs10"});
  CHECK(with_attributes(der_value(0x80, attribute)) == Ids{"request.not-pkcs10"});
  CHECK(with_attributes(der_set({attribute})) == Ids{"request.not-pkcs10"});
  CHECK(with_attributes(joined({der_value(0xa0, {}), der_value(0xa0, {})})) == Ids{"request.not-pkcs10"});
  CHECK(with_attributes(der_value(0xa0, der_sequence({der_utf8("a"), der_set({der_null()})}))) ==
        Ids{"request.not-pkcs10"});
  CHECK(with_attributes(der_value(0xa0, der_sequence({der_oid(kPrivate)}))) == Ids{"request.not-pkcs10"});
  CHECK(with_attributes(der_value(0xa0, der_sequence({der_oid(kPrivate), der_set({der_null()}), der_null()}))) ==
        Ids{"request.not-pkcs10"});
}

TEST_CASE("an attribute that nobody reads may hold whatever is DER") {
  const Bytes value = GENERATE(der_null(), der_integer(5), Bytes{0x02, 0x01, 0x80}, Bytes{0x0a, 0x01, 0x02},
                               der_utf8(""), der_text(0x14, "T\xe9l\xe9tex"), der_text(0x16, "ia5"),
                               der_text(0x1e, std::string_view("\0a\xd8\x00", 4)), der_text(0x1c, "not wide"),
                               der_text(0x18, "20260601100000Z"), der_text(0x17, "260601100000Z"),
                               Bytes{0x0d, 0x01, 0x05}, Bytes{0x09, 0x00}, Bytes{0xbf, 0x87, 0x68, 0x00},
                               der_value(0x04, {0x30, 0x80}), Bytes{0x01, 0x01, 0x00});
  CHECK(with_attribute_value(value).empty());
}

TEST_CASE("what is not DER is refused also where nobody reads it") {
  const Bytes value = GENERATE(Bytes{0x30, 0x80, 0x00, 0x00},               // indefinite
                               Bytes{0x0c, 0x81, 0x01, 'a'},                // length of two octets for one
                               Bytes{0x01, 0x01, 0x01},                     // BER's TRUE
                               Bytes{0x01, 0x00}, Bytes{0x02, 0x00},        // nothing at all
                               Bytes{0x02, 0x02, 0x00, 0x01},               // padded number
                               Bytes{0x02, 0x02, 0xff, 0xff},               // padded negative number
                               Bytes{0x03, 0x00}, Bytes{0x03, 0x01, 0x01},  // unused bits of nothing
                               Bytes{0x03, 0x02, 0x08, 0x00}, Bytes{0x03, 0x02, 0x01, 0x01},
                               Bytes{0x05, 0x01, 0x00},  // NULL that holds something
                               Bytes{0x06, 0x00}, Bytes{0x06, 0x02, 0x80, 0x01}, Bytes{0x06, 0x03, 0x2a, 0x80, 0x01},
                               Bytes{0x06, 0x02, 0x2a, 0x81},                           // identifier that goes on
                               Bytes{0x10, 0x00}, Bytes{0x11, 0x00},                    // SEQUENCE and SET as strings
                               Bytes{0x24, 0x02, 0x04, 0x00},                           // OCTET STRING of parts
                               Bytes{0x1f, 0x05, 0x00}, Bytes{0x9f, 0x80, 0x20, 0x00},  // tags not minimal
                               Bytes{0x00, 0x00});                                      // end of contents
  CHECK(with_attribute_value(value) == Ids{"request.not-der"});
}

TEST_CASE("identifiers may be long, up to 64 octets") {
  Bytes longest{0x06, 0x40, 0x2a};
  while (longest.size() < 2 + 63) longest.push_back(0xff);
  longest.push_back(0x7f);
  const auto attribute = [](const Bytes& oid) { return der_value(0xa0, der_sequence({oid, der_set({der_null()})})); };
  CHECK(with_attributes(attribute(longest)).empty());
  Bytes longer = longest;
  longer[1] = 0x41;
  longer.insert(longer.end() - 1, 0xff);
  CHECK(with_attributes(attribute(longer)) == Ids{"request.not-der"});
}

TEST_CASE("a challengePassword of any string type is accepted") {
  const auto type = GENERATE(values<std::uint8_t>({0x0c, 0x13, 0x14, 0x16, 0x1c, 0x1e}));
  CHECK(with_attributes(der_value(0xa0, der_attribute(kChallengePassword, {der_text(type, "abcd")}))).empty());
}

TEST_CASE("a request may ask for no extension at all") {
  CHECK(with_extensions(der_sequence({})).empty());
  CHECK(with_extensions(der_set({})) == Ids{"request.not-pkcs10"});
  CHECK(with_extensions(der_value(0x04, der_sequence({}))) == Ids{"request.not-pkcs10"});
}

TEST_CASE("an extension is an identifier, perhaps a criticality, and an OCTET STRING") {
  const Bytes oid = der_oid(kPrivate);
  const Bytes value = der_value(0x04, {});
  const Bytes yes{0x01, 0x01, 0xff};
  CHECK(with_extensions(der_sequence({der_sequence({oid, value})})).empty());
  CHECK(with_extensions(der_sequence({der_sequence({oid, yes, value})})).empty());
  const Ids other{"request.not-pkcs10"};
  CHECK(with_extensions(der_sequence({der_sequence({})})) == other);
  CHECK(with_extensions(der_sequence({der_sequence({oid, yes})})) == other);
  CHECK(with_extensions(der_sequence({der_sequence({oid, value, yes})})) == other);
  CHECK(with_extensions(der_sequence({der_sequence({oid, yes, yes, value})})) == other);
  CHECK(with_extensions(der_sequence({der_sequence({oid, der_integer(1), value})})) == other);
  CHECK(with_extensions(der_sequence({der_sequence({oid, der_utf8("a")})})) == other);
  CHECK(with_extensions(der_sequence({der_sequence({der_utf8("a"), value})})) == other);
  CHECK(with_extensions(der_sequence({der_null()})) == other);
}

TEST_CASE("the value of subjectAltName is one DER value") {
  const Ids encoding{"request.extension-encoding"};
  CHECK(with_extensions(der_sequence({names_extension(der_sequence({}))})).empty());  // judged with the names
  CHECK(with_extensions(der_sequence({names_extension({})})) == encoding);
  CHECK(with_extensions(der_sequence({names_extension({0x30})})) == encoding);
  CHECK(with_extensions(der_sequence({names_extension({0x30, 0x00, 0x00})})) == encoding);
  CHECK(with_extensions(der_sequence({names_extension({0x30, 0x81, 0x00})})) == encoding);
  CHECK(with_extensions(der_sequence({names_extension({0x30, 0x04, 0x82, 0x81, 0x01, 'a'})})) == encoding);
}

TEST_CASE("extensions that are asked for in both ways agree to the octet") {
  const auto attributes = [](const Bytes& standard, const Bytes& microsoft) {
    return der_value(
        0xa0, joined({der_attribute(kExtensionRequest, {standard}), der_attribute(kMicrosoftExtensions, {microsoft})}));
  };
  const Bytes one = der_extension(kPrivate, {0x01});
  const Bytes other = der_extension("1.3.6.1.4.1.99999.2", {0x02});
  CHECK(with_attributes(attributes(der_sequence({one, other}), der_sequence({one, other}))).empty());
  CHECK(with_attributes(attributes(der_sequence({one, other}), der_sequence({other, one}))) ==
        Ids{"request.extension-requests"});
  CHECK(with_attributes(attributes(der_sequence({one, other}), der_sequence({one, one})))
            .contains("request.extension-requests"));
}

TEST_CASE("a subject may be a sequence of sets of parts, and nothing else") {
  HandmadeRequest request;
  const Bytes part = der_sequence({der_oid("2.5.4.3"), der_utf8("a")});
  SECTION("parts without their sets") { request.subject = der_sequence({part}); }
  SECTION("a set of nothing") { request.subject = der_sequence({der_set({part}), der_set({})}); }
  SECTION("a part with two values") {
    request.subject = der_sequence({der_set({der_sequence({der_oid("2.5.4.3"), der_utf8("a"), der_utf8("b")})})});
  }
  SECTION("a part whose type is no identifier") {
    request.subject = der_sequence({der_set({der_sequence({der_utf8("CN"), der_utf8("a")})})});
  }
  SECTION("a set instead of a sequence") { request.subject = der_set({part}); }
  CHECK(refused_with(request.encoded()) == Ids{"request.not-pkcs10"});
}

TEST_CASE("RSA keys of a few bits are refused without harm") {
  const auto modulus = GENERATE(values<std::uint8_t>({1, 2, 3, 4, 9, 15, 127}));
  HandmadeRequest request;
  request.spki = der_sequence({der_sequence({der_oid("1.2.840.113549.1.1.1"), der_null()}),
                               der_bits(der_sequence({der_integer(modulus), der_integer(1)}))});
  request.algorithm = der_sequence({der_oid("1.2.840.113549.1.1.11"), der_null()});
  CHECK(refused_with(request.encoded()) == Ids{"signature.mismatch"});
}

TEST_CASE("everybody can sign for an Ed25519 key of small order, so it is none") {
  // For the neutral element as key, R the neutral element and S zero verify whatever was signed.
  Bytes neutral(32, 0x00);
  neutral[0] = 0x01;
  HandmadeRequest request;
  request.spki = der_sequence({der_sequence({der_oid("1.3.101.112")}), der_bits(neutral)});
  request.algorithm = der_sequence({der_oid("1.3.101.112")});
  const Bytes info = der_sequence({request.version, request.subject, request.spki, request.attributes});
  const Bytes forged = joined({neutral, Bytes(32, 0x00)});
  const auto key = PublicKey::parse(request.spki);
  REQUIRE(key);
  CHECK(key->verifies(info, forged, HashAlgorithm::Sha512));
  CHECK(refused_with(der_sequence({info, request.algorithm, der_bits(forged)})) == Ids{"key.point"});
}
