#include "plan_fixture.hpp"

namespace sealroom {
namespace {

using namespace testing;

OwnedGeneralNames names_with(int type, ASN1_STRING* value) {
  OwnedGeneralNames names(sk_GENERAL_NAME_new_null());
  GENERAL_NAME* name = GENERAL_NAME_new();
  GENERAL_NAME_set0_value(name, type, value);
  sk_GENERAL_NAME_push(names.get(), name);
  return names;
}

Examination examined(const Bytes& alternative_names, const Profile& profile) {
  const auto request = unsigned_request({.extensions = {}});
  const OwnedExtensions extensions(sk_X509_EXTENSION_new_null());
  const Owned<ASN1_OCTET_STRING, ASN1_OCTET_STRING_free> value(ASN1_OCTET_STRING_new());
  must(ASN1_OCTET_STRING_set(value.get(), alternative_names.data(), static_cast<int>(alternative_names.size())) == 1,
       "value");
  sk_X509_EXTENSION_push(extensions.get(), X509_EXTENSION_create_by_NID(nullptr, NID_subject_alt_name, 0, value.get()));
  must(X509_REQ_add_extensions(request.get(), extensions.get()) == 1, "extensions");
  return examine(submission(sign_request(request.get())), tiers().rules(profile));
}

// The ids for a request with one general name of `type` and these octets.
Ids refusals_for(int type, const std::string& octets, const Profile& profile = kServer) {
  const int string_type = type == GEN_IPADD ? V_ASN1_OCTET_STRING : V_ASN1_IA5STRING;
  ASN1_STRING* value = ASN1_STRING_type_new(string_type);
  must(ASN1_STRING_set(value, octets.data(), static_cast<int>(octets.size())) == 1, "value");
  return ids_of(examined(der_of(names_with(type, value).get(), i2d_GENERAL_NAMES), profile).refusals);
}

Profile with_wildcards() {
  auto profile = kServer;
  profile.wildcards = Wildcards::Allow;
  return profile;
}

}  // namespace

TEST_CASE("host names by the rule of letters, digits and hyphens are accepted") {
  const std::string name =
      GENERATE(as<std::string>(), "broker1.hivemq.com", "localhost", "a", "BROKER.Example.COM", "xn--bcher-kva.example",
               "a-b.example", "1broker.example", "4.example", "a.b.c.d.e.f.example", std::string(63, 'a') + ".example");
  CAPTURE(name);
  CHECK(refusals_for(GEN_DNS, name) == Ids{});
  CHECK(refusals_for(GEN_DNS, name, kClient) == Ids{});
}

TEST_CASE("what is no host name is refused as one") {
  const std::string name = GENERATE(
      as<std::string>(), "", "https://broker.example.com/", "broker.example.com:8883", "127.0.0.1", "10.0.0", "::1",
      "fe80::1", "under_score.example", "broker.example.com.", ".example.com", "a..example", "-a.example", "a-.example",
      "ops@example.com",
      "b\xc3\xbc"
      "cher.example",
      "a b.example", "ab--cd.example", "xn--.example", std::string("broker.example.com\0.evil", 24), "1.2.3.4", "123",
      std::string(64, 'a') + ".example",
      std::string(63, 'a') + "." + std::string(63, 'b') + "." + std::string(63, 'c') + "." + std::string(62, 'd'),
      "broker.example.com/", "a,b.example");
  CAPTURE(name);
  CHECK(refusals_for(GEN_DNS, name) == Ids{"names.dns"});
}

TEST_CASE("a wildcard is the whole left-most label, and only where the profile allows it") {
  CHECK(refusals_for(GEN_DNS, "*.example.com") == Ids{"names.wildcard"});
  CHECK(refusals_for(GEN_DNS, "*.example.com", with_wildcards()) == Ids{});
  CHECK(refusals_for(GEN_DNS, "*.a.example.com", with_wildcards()) == Ids{});
  const std::string name =
      GENERATE(as<std::string>(), "*", "*.", "*.com", "f*.example.com", "a.*.example.com", "*.*.example.com",
               "*a.example.com", "*.under_score.com", "xn--*.example.com", "*.1.2");
  CAPTURE(name);
  CHECK(refusals_for(GEN_DNS, name, with_wildcards()) == Ids{"names.wildcard"});
}

TEST_CASE("an address has 4 or 16 octets") {
  const std::size_t length = GENERATE(4u, 16u);
  CHECK(refusals_for(GEN_IPADD, std::string(length, '\1')) == Ids{});
  const std::size_t wrong = GENERATE(0u, 3u, 5u, 8u, 15u, 17u, 32u);
  CHECK(refusals_for(GEN_IPADD, std::string(wrong, '\1')) == Ids{"names.ip"});
}

TEST_CASE("e-mail names are mailboxes and not for servers") {
  CHECK(refusals_for(GEN_EMAIL, "ops+mqtt@example.com", kClient) == Ids{});
  CHECK(refusals_for(GEN_EMAIL, "ops@example.com", kServer) == Ids{"names.missing-san", "names.type"});
  const std::string wrong =
      GENERATE(as<std::string>(), "ops", "@example.com", "a@b@example.com", "ops@exa_mple.com", "o ps@example.com",
               ".ops@example.com", "ops@*.example.com", "ops@[127.0.0.1]", "Ops <ops@example.com>");
  CAPTURE(wrong);
  CHECK(refusals_for(GEN_EMAIL, wrong, kClient) == Ids{"names.email"});
}

TEST_CASE("URI names are absolute and not for servers") {
  const std::string good =
      GENERATE(as<std::string>(), "spiffe://example.org/broker", "urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6",
               "https://[2001:db8::1]:8443/x", "https://10.0.0.1/", "mqtts://broker.example.com:8883");
  CAPTURE(good);
  CHECK(refusals_for(GEN_URI, good, kClient) == Ids{});
  CHECK(refusals_for(GEN_URI, good, kServer) == Ids{"names.missing-san", "names.type"});
  const std::string wrong =
      GENERATE(as<std::string>(), "", "/path", "example.com", "http:", "1x://example.com", "https://",
               "https://ex ample.com", "https://user@example.com/", "https://[::zz]/", "https://under_score/");
  CAPTURE(wrong);
  CHECK(refusals_for(GEN_URI, wrong, kClient) == Ids{"names.uri"});
}

TEST_CASE("other kinds of names are never accepted") {
  const std::string line = GENERATE(as<std::string>(), "otherName:1.2.3.4;UTF8:someone", "RID:1.2.3.4");
  CHECK(refusals_of({.extensions = {{"subjectAltName", line}}}, tiers().rules()) ==
        Ids{"names.missing-san", "names.type"});
  CHECK(refusals_of({.extensions = {{"subjectAltName", line}}}, tiers().rules(kClient)) == Ids{"names.type"});

  OwnedGeneralNames names(sk_GENERAL_NAME_new_null());
  GENERAL_NAME* name = GENERAL_NAME_new();
  GENERAL_NAME_set0_value(name, GEN_DIRNAME, make_name({{"CN", "evil"}}).release());
  sk_GENERAL_NAME_push(names.get(), name);
  CHECK(ids_of(examined(der_of(names.get(), i2d_GENERAL_NAMES), kClient).refusals) == Ids{"names.type"});
}

TEST_CASE("an empty list of names and octets that are no list are refused") {
  CHECK(ids_of(examined({0x30, 0x00}, kServer).refusals) == Ids{"names.malformed"});
  CHECK(ids_of(examined({0x04, 0x01, 'a'}, kServer).refusals) == Ids{"names.malformed"});
}

TEST_CASE("every wrong name is reported, not only the first") {
  const auto examination = examine(
      submission(
          make_request({.extensions = {{"subjectAltName", "DNS:a_b,DNS:good.example,DNS:10.0.0.1,email:a@b.c"}}})),
      tiers().rules());
  CHECK(examination.refusals.size() == 3);
  CHECK(ids_of(examination.refusals) == Ids{"names.dns", "names.type"});
  CHECK(examination.alternative_names.empty());
}

TEST_CASE("names from a request are shown in printable ASCII only") {
  const auto examination = examined(
      [] {
        ASN1_STRING* value = ASN1_STRING_type_new(V_ASN1_IA5STRING);
        ASN1_STRING_set(value, "a\x1b[31m\n", 7);
        return der_of(names_with(GEN_DNS, value).get(), i2d_GENERAL_NAMES);
      }(),
      kServer);
  CHECK(detail_of(examination.refusals, "names.dns").find("a\\x1b[31m\\x0a") != std::string::npos);
}

}  // namespace sealroom
