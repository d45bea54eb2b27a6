#include <catch2/catch.hpp>

#include "request_outcome.hpp"
#include "support/der_writer.hpp"
#include "support/openssl_certificates.hpp"

using namespace sealroom;
using namespace sealroom::testing;

namespace {

constexpr const char* kExtensionRequest = "1.2.840.113549.1.9.14";
constexpr const char* kMicrosoftExtensions = "1.3.6.1.4.1.311.2.1.14";
constexpr const char* kUnstructuredName = "1.2.840.113549.1.9.2";
constexpr const char* kChallengePassword = "1.2.840.113549.1.9.7";
constexpr const char* kSubjectAltName = "2.5.29.17";
constexpr const char* kKeyUsage = "2.5.29.15";

Bytes dns_name(std::string_view name) { return der_text(0x82, name); }

Bytes alternative_names(std::string_view name) {
  return der_extension(kSubjectAltName, der_sequence({dns_name(name)}));
}

Bytes asking_for(std::initializer_list<Bytes> extensions, const char* attribute = kExtensionRequest) {
  return der_attribute(attribute, {der_sequence(extensions)});
}

Ids refused_with_attributes(std::initializer_list<Bytes> attributes, const RequestLimits& limits = {}) {
  HandmadeRequest request;
  request.attributes = der_value(0xa0, joined(attributes));
  return refused_with(request.encoded(), limits);
}

Bytes replaced(Bytes octets, const Bytes& what, const Bytes& by) {
  const auto at = std::search(octets.begin(), octets.end(), what.begin(), what.end());
  must(at != octets.end(), "octets to replace");
  const auto behind = octets.erase(at, at + static_cast<std::ptrdiff_t>(what.size()));
  octets.insert(behind, by.begin(), by.end());
  return octets;
}

// Rewrites the outermost header of `value` with `length` as its length octets.
Bytes with_length(const Bytes& contents, const Bytes& length) { return joined({{0x30}, length, contents}); }

}  // namespace

TEST_CASE("a request gives back its parts as they stood") {
  RequestRecipe recipe;
  recipe.extensions = {{"subjectAltName", "critical,DNS:broker.example.com,IP:10.0.0.1"},
                       {"keyUsage", "digitalSignature"}};
  const auto request = unsigned_request(recipe);
  must(X509_REQ_add1_attr_by_txt(request.get(), "challengePassword", MBSTRING_ASC,
                                 reinterpret_cast<const unsigned char*>("secret"), -1) == 1,
       "attribute");
  const Bytes der = sign_request(request.get());
  const auto parsed = ParsedRequest::parse(der, {});
  REQUIRE(parsed);
  CHECK(parsed->der() == der);
  CHECK(parsed->digest() == sha256(der));
  CHECK(parsed->to_be_signed() == der_of(request.get(), i2d_re_X509_REQ_tbs));
  CHECK(parsed->subject() == der_of(X509_REQ_get_subject_name(request.get()), i2d_X509_NAME));
  CHECK(parsed->key().der() == spki_of(test_key("ec:P-256")));
  CHECK(parsed->signature_algorithm() == "1.2.840.10045.4.3.2");
  CHECK(parsed->signature_parameters().empty());
  CHECK(parsed->attributes() == std::vector<std::string>{kChallengePassword, kExtensionRequest});
  REQUIRE(parsed->extensions().size() == 2);
  const auto& names = parsed->extensions()[0];
  CHECK(names.oid == kSubjectAltName);
  CHECK(names.name == "subjectAltName");
  CHECK(names.critical);
  CHECK(names.value == der_sequence({dns_name("broker.example.com"), der_value(0x87, {10, 0, 0, 1})}));
  CHECK(names.der == der_sequence({der_oid(kSubjectAltName), {0x01, 0x01, 0xff}, der_value(0x04, names.value)}));
  CHECK_FALSE(parsed->extensions()[1].critical);
}

TEST_CASE("a request put together by hand is accepted with and without attributes") {
  CHECK(refused_with(HandmadeRequest().encoded()).empty());
  HandmadeRequest without;
  without.attributes = {};
  CHECK(refused_with(without.encoded()).empty());
  HandmadeRequest no_subject;
  no_subject.subject = der_sequence({});
  CHECK(refused_with(no_subject.encoded()).empty());
}

TEST_CASE("octets behind the request are refused") {
  Bytes der = make_request();
  der.push_back(0x0a);
  CHECK(refused_with(der) == Ids{"request.trailing-octets"});
  CHECK(refused_with(request_pem(der)) == Ids{"request.trailing-octets"});
}

TEST_CASE("lengths that are indefinite, not minimal or cut off are refused") {
  const Bytes der = make_request();
  const Bytes contents(der.begin() + 4, der.end());  // behind 30 82 xx xx
  REQUIRE(der[1] == 0x82);
  CHECK(refused_with(with_length(contents, {0x82, der[2], der[3]})).empty());
  CHECK(refused_with(with_length(contents, {0x83, 0x00, der[2], der[3]})) == Ids{"request.not-der"});
  CHECK(refused_with(with_length(joined({contents, {0x00, 0x00}}), {0x80})) == Ids{"request.not-der"});
  CHECK(refused_with(Bytes(der.begin(), der.end() - 1)) == Ids{"request.not-der"});
  CHECK(refused_with(Bytes{0x30, 0x84, 0xff, 0xff, 0xff, 0xff}) == Ids{"request.not-der"});
  CHECK(refused_with(Bytes{0x30, 0x82}) == Ids{"request.not-der"});
}

TEST_CASE("an inner value that is BER but not DER is refused although its signature is right") {
  HandmadeRequest request;
  SECTION("a version of two octets") { request.version = {0x02, 0x02, 0x00, 0x00}; }
  SECTION("a long length of a short value") {
    request.subject = replaced(request.subject, der_utf8("broker.example.com"),
                               joined({{0x0c, 0x81, 0x12}, copy(as_bytes("broker.example.com"))}));
    request.subject = der_sequence(
        {der_set({der_sequence({der_oid("2.5.4.3"), joined({{0x0c, 0x81, 0x03}, copy(as_bytes("abc"))})})})});
  }
  SECTION("a string constructed of parts") {
    request.subject =
        der_sequence({der_name_part("2.5.4.3", der_value(0x2c, joined({der_utf8("ab"), der_utf8("c")})))});
  }
  SECTION("a SET out of order") {
    request.subject = der_sequence({der_set(
        {der_sequence({der_oid("2.5.4.3"), der_utf8("b")}), der_sequence({der_oid("2.5.4.3"), der_utf8("a")})})});
  }
  SECTION("attributes out of order") {
    request.attributes = der_value(0xa0, joined({der_attribute(kChallengePassword, {der_utf8("b")}),
                                                 der_attribute(kUnstructuredName, {der_utf8("a")})}));
  }
  SECTION("a criticality of 0x01") {
    request.attributes = der_value(
        0xa0, asking_for(
                  {der_sequence({der_oid(kKeyUsage), {0x01, 0x01, 0x01}, der_value(0x04, {0x03, 0x02, 0x07, 0x80})})}));
  }
  SECTION("a criticality that says FALSE") {
    request.attributes = der_value(
        0xa0, asking_for(
                  {der_sequence({der_oid(kKeyUsage), {0x01, 0x01, 0x00}, der_value(0x04, {0x03, 0x02, 0x07, 0x80})})}));
  }
  CHECK(refused_with(request.encoded()) == Ids{"request.not-der"});
}

TEST_CASE("members of a SET in order are accepted") {
  HandmadeRequest request;
  request.subject = der_sequence({der_set(
      {der_sequence({der_oid("2.5.4.3"), der_utf8("a")}), der_sequence({der_oid("2.5.4.3"), der_utf8("b")})})});
  request.attributes = der_value(0xa0, joined({der_attribute(kUnstructuredName, {der_utf8("a")}),
                                               der_attribute(kChallengePassword, {der_utf8("b")})}));
  CHECK(refused_with(request.encoded()).empty());
}

TEST_CASE("the limit on nesting is exact") {
  // CertificationRequest, info, [0], Attribute, SET: five levels around the attribute's value.
  Bytes value = der_null();
  for (int level = 0; level < 11; ++level) value = der_sequence({value});
  CHECK(refused_with_attributes({der_attribute("1.2.3.4", {value})}).empty());
  CHECK(refused_with_attributes({der_attribute("1.2.3.4", {der_sequence({value})})}) == Ids{"request.nesting"});
}

TEST_CASE("a file of nothing but openings does not exhaust the stack, whatever the limit") {
  Bytes value = der_null();
  while (value.size() < 60'000) value = der_sequence({value});
  RequestLimits limits;
  limits.nesting = 1'000'000;
  CHECK(refused_with(value, limits) == Ids{"request.nesting"});
}

TEST_CASE("another version than 0 is refused") {
  RequestRecipe recipe;
  recipe.version = 1;
  CHECK(refused_with(make_request(recipe)) == Ids{"request.version"});
  HandmadeRequest request;
  request.version = {0x02, 0x01, 0xff};
  CHECK(refused_with(request.encoded()) == Ids{"request.version"});
  request.version = {0x02, 0x02, 0x01, 0x00};
  CHECK(refused_with(request.encoded()) == Ids{"request.version"});
}

TEST_CASE("DER that is no request is refused, a certificate by name") {
  const TestAuthority authority;
  const Bytes certificate = der_of_certificate(authority.root());
  CHECK(refused_with(certificate) == Ids{"request.not-pkcs10"});
  CHECK(details_of(certificate).find("certificate") != std::string::npos);
  CHECK(refused_with(spki_of(test_key("rsa:2048"))) == Ids{"request.not-pkcs10"});
  CHECK(refused_with(Bytes{0x30, 0x00}) == Ids{"request.not-pkcs10"});
  HandmadeRequest request;
  request.version = der_utf8("0");
  CHECK(refused_with(request.encoded()) == Ids{"request.not-pkcs10"});
}

TEST_CASE("malformed names, attributes and extensions are refused as no PKCS#10") {
  HandmadeRequest request;
  SECTION("an empty part of the subject") { request.subject = der_sequence({der_set({})}); }
  SECTION("a part of the subject without a value") {
    request.subject = der_sequence({der_set({der_sequence({der_oid("2.5.4.3")})})});
  }
  SECTION("an attribute that is no sequence") { request.attributes = der_value(0xa0, der_null()); }
  SECTION("an attribute without its set") {
    request.attributes = der_value(0xa0, der_sequence({der_oid(kChallengePassword), der_utf8("a")}));
  }
  SECTION("an extension request that is no sequence") {
    request.attributes = der_value(0xa0, der_attribute(kExtensionRequest, {der_null()}));
  }
  SECTION("an extension without a value") {
    request.attributes = der_value(0xa0, asking_for({der_sequence({der_oid(kKeyUsage)})}));
  }
  SECTION("an extension with two values") {
    request.attributes =
        der_value(0xa0, asking_for({der_sequence({der_oid(kKeyUsage), der_value(0x04, {}), der_value(0x04, {})})}));
  }
  SECTION("something behind the attributes") { request.attributes = joined({request.attributes, der_null()}); }
  CHECK(refused_with(request.encoded()) == Ids{"request.not-pkcs10"});
}

TEST_CASE("an attribute stands once and has one value") {
  CHECK(refused_with_attributes({der_attribute(kChallengePassword, {der_utf8("a")})}).empty());
  CHECK(refused_with_attributes(
            {der_attribute(kChallengePassword, {der_utf8("a")}), der_attribute(kChallengePassword, {der_utf8("b")})}) ==
        Ids{"request.attribute-duplicate"});
  CHECK(refused_with_attributes({der_attribute(kChallengePassword, {der_utf8("a"), der_utf8("b")})}) ==
        Ids{"request.attribute-values"});
  CHECK(refused_with_attributes({der_attribute(kChallengePassword, {})}) == Ids{"request.attribute-values"});
  CHECK(refused_with_attributes(
            {der_attribute(kExtensionRequest, {der_sequence({}), der_sequence({alternative_names("a.example")})})}) ==
        Ids{"request.attribute-values"});
}

TEST_CASE("extensions are asked for once; Microsoft's way counts, and must not contradict") {
  const Bytes standard = asking_for({alternative_names("a.example")});
  const Bytes microsoft = asking_for({alternative_names("a.example")}, kMicrosoftExtensions);
  const Bytes other = asking_for({alternative_names("b.example")}, kMicrosoftExtensions);
  CHECK(refused_with_attributes({standard}).empty());
  CHECK(refused_with_attributes({microsoft}).empty());
  CHECK(refused_with_attributes({standard, microsoft}).empty());
  CHECK(refused_with_attributes({standard, other}) == Ids{"request.extension-requests"});
  CHECK(refused_with_attributes({standard, asking_for({alternative_names("b.example")})}) ==
        Ids{"request.extension-requests"});
  CHECK(refused_with_attributes({standard, standard}) == Ids{"request.extension-requests"});

  HandmadeRequest request;
  request.attributes = der_value(0xa0, microsoft);
  const auto parsed = ParsedRequest::parse(request.encoded(), {});
  REQUIRE(parsed);
  REQUIRE(parsed->extensions().size() == 1);
  CHECK(parsed->extensions()[0].oid == kSubjectAltName);
  CHECK(parsed->attributes() == std::vector<std::string>{kMicrosoftExtensions});
}

TEST_CASE("an extension is requested once") {
  CHECK(refused_with_attributes({asking_for({alternative_names("a.example"), alternative_names("b.example")})}) ==
        Ids{"request.extension-duplicate"});
}

TEST_CASE("the value of a standard extension is DER; that of a private one is its own affair") {
  CHECK(refused_with_attributes({asking_for({der_extension(kSubjectAltName, {0x30, 0x80, 0x00, 0x00})})}) ==
        Ids{"request.extension-encoding"});
  CHECK(refused_with_attributes({asking_for({der_extension(kKeyUsage, {0x03, 0x02, 0x07, 0x81})})}) ==
        Ids{"request.extension-encoding"});
  CHECK(refused_with_attributes({asking_for({der_extension("1.3.6.1.4.1.99999.1", {0xff})})}).empty());
}

TEST_CASE("the limit on parts of the subject is exact") {
  RequestLimits limits;
  limits.name_entries = 3;
  RequestRecipe recipe;
  CHECK(refused_with(make_request(recipe), limits).empty());
  recipe.subject.emplace_back("OU", "one more");
  CHECK(refused_with(make_request(recipe), limits) == Ids{"request.name-entries"});
}

TEST_CASE("the limit on subject alternative names is exact") {
  RequestLimits limits;
  limits.alternative_names = 2;
  RequestRecipe recipe;
  recipe.extensions[0].second = "DNS:a.example,DNS:b.example";
  CHECK(refused_with(make_request(recipe), limits).empty());
  recipe.extensions[0].second += ",DNS:c.example";
  CHECK(refused_with(make_request(recipe), limits) == Ids{"request.alternative-names"});
}

TEST_CASE("the limit on attributes is exact, and what is beyond it is not read") {
  RequestLimits limits;
  limits.attributes = 2;
  HandmadeRequest request;
  const auto attribute = [](const char* oid) { return der_attribute(oid, {der_null()}); };
  request.attributes = der_value(0xa0, joined({attribute("1.2.3.1"), attribute("1.2.3.2")}));
  CHECK(refused_with(request.encoded(), limits).empty());
  request.attributes = der_value(0xa0, joined({attribute("1.2.3.3"), attribute("1.2.3.2"), attribute("1.2.3.1")}));
  CHECK(refused_with(request.encoded(), limits) == Ids{"request.attributes"});
}

TEST_CASE("the limit on extensions is exact, and what is beyond it is not read") {
  RequestLimits limits;
  limits.extensions = 2;
  const auto extension = [](const char* oid) { return der_extension(oid, der_null()); };
  HandmadeRequest request;
  request.attributes = der_value(0xa0, asking_for({extension("1.2.3.1"), extension("1.2.3.2")}));
  CHECK(refused_with(request.encoded(), limits).empty());
  request.attributes = der_value(0xa0, asking_for({extension("1.2.3.1"), extension("1.2.3.1"), der_null()}));
  CHECK(refused_with(request.encoded(), limits) == Ids{"request.extensions"});
}

TEST_CASE("a part of the subject holds what its string type can hold") {
  struct Row {
    std::uint8_t type;
    std::string good;
    std::string bad;
  };
  const Row row =
      GENERATE(Row{0x0c, "Gr\xc3\xbc\xc3\x9f", "\xc0\xaf"},        // overlong
               Row{0x0c, "\xf0\x9f\x94\x91", "\xed\xa0\x80"},      // surrogate
               Row{0x0c, "\xe2\x82\xac", "\xe2\x82"},              // cut off
               Row{0x0c, "\xf4\x8f\xbf\xbf", "\xf4\x90\x80\x80"},  // above U+10FFFF
               Row{0x13, "A-b (c)", "a*b"}, Row{0x12, "1 2", "1a"}, Row{0x16, "a@b", "\xe9"},
               Row{0x1e, std::string("\0a", 2), "abc"}, Row{0x1e, std::string("\0a", 2), "\xd8\x01\xdc\x01"},
               Row{0x1c, std::string("\0\0\0a", 4), std::string("\0\x11\0\0", 4)});
  HandmadeRequest request;
  request.subject = der_sequence({der_name_part("2.5.4.3", der_text(row.type, row.good))});
  INFO("type " << int{row.type} << ": " << details_of(request.encoded()));
  CHECK(refused_with(request.encoded()).empty());
  request.subject = der_sequence({der_name_part("2.5.4.3", der_text(row.type, row.bad))});
  CHECK(refused_with(request.encoded()) == Ids{"request.name-encoding"});
  CHECK(details_of(request.encoded()).find("CN") != std::string::npos);
}

TEST_CASE("a part of the subject that is no string is refused") {
  const Bytes value = GENERATE(Bytes{0x02, 0x01, 0x05}, Bytes{0x1a, 0x01, 'a'}, Bytes{0x30, 0x00}, Bytes{0x05, 0x00},
                               Bytes{0x80, 0x01, 'a'});
  HandmadeRequest request;
  request.subject = der_sequence({der_name_part("2.5.4.3", value)});
  CHECK(refused_with(request.encoded()) == Ids{"request.name-encoding"});
}

TEST_CASE("every finding that can be reached is reported, that about the signature too") {
  HandmadeRequest request;
  request.version = der_integer(2);
  request.subject = der_sequence({der_name_part("2.5.4.3", der_text(0x13, "a*b"))});
  request.attributes =
      der_value(0xa0, joined({asking_for({alternative_names("a.example"), alternative_names("b.example")}),
                              der_attribute(kChallengePassword, {der_utf8("a"), der_utf8("b")})}));
  request.algorithm = der_sequence({der_oid("1.2.840.10045.4.3.3")});  // SHA-384, but it is signed with SHA-256
  Bytes der = request.encoded();
  CHECK(refused_with(der) == Ids{"request.version", "request.name-encoding", "request.extension-duplicate",
                                 "request.attribute-values", "request.not-der", "signature.mismatch"});
  const auto parsed = ParsedRequest::parse(der, {});
  for (const auto& finding : parsed.error()) CHECK(is_printable_ascii(finding.detail));
}

TEST_CASE("a request that breaks one rule thousands of times gets a bounded answer") {
  Bytes extensions;
  while (extensions.size() < 60'000) {
    const Bytes one = der_extension(kKeyUsage, {0x05, 0x00});
    extensions.insert(extensions.end(), one.begin(), one.end());
  }
  HandmadeRequest request;
  request.attributes = der_value(0xa0, der_attribute(kExtensionRequest, {der_value(0x30, extensions)}));
  RequestLimits limits;
  limits.extensions = 1'000'000;
  const auto parsed = ParsedRequest::parse(request.encoded(), limits);
  REQUIRE_FALSE(parsed);
  CHECK(parsed.error().size() == 100);
}
