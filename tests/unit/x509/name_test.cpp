#include <catch2/catch.hpp>

#include <openssl/asn1.h>

#include "sealroom/x509/name.hpp"
#include "support/der_writer.hpp"

using namespace sealroom;
using namespace sealroom::testing;

namespace {

Bytes name_of(const std::vector<NamePart>& parts) { return der_of(make_name(parts).get(), i2d_X509_NAME); }

Bytes common_name(const Bytes& value) { return der_sequence({der_name_part("2.5.4.3", value)}); }

}  // namespace

TEST_CASE("a name gives its entries in order, as their octets say") {
  const Bytes name = der_sequence({der_name_part("2.5.4.6", der_text(0x13, "DE")),
                                   der_set({der_sequence({der_oid("2.5.4.3"), der_utf8("broker")}),
                                            der_sequence({der_oid("1.3.6.1.4.1.99999.1"), der_text(0x16, "x")})})});
  const auto entries = name_entries(name);
  REQUIRE(entries);
  REQUIRE(entries->size() == 3);
  const auto& country = (*entries)[0];
  CHECK(country.oid == "2.5.4.6");
  CHECK(country.short_name() == "C");
  CHECK(country.string_type == V_ASN1_PRINTABLESTRING);
  CHECK(country.value == Bytes{'D', 'E'});
  CHECK(country.set == 0);
  CHECK((*entries)[1].set == 1);
  CHECK((*entries)[2].set == 1);
  CHECK((*entries)[2].short_name() == "1.3.6.1.4.1.99999.1");
}

TEST_CASE("what is no name has no entries") {
  CHECK(name_entries(der_sequence({})));
  CHECK_FALSE(name_entries(Bytes{}));
  CHECK_FALSE(name_entries(Bytes{0x30}));
  CHECK_FALSE(name_entries(der_null()));
  CHECK_FALSE(name_entries(der_set({})));
  CHECK_FALSE(name_entries(joined({der_sequence({}), der_null()})));
  CHECK_FALSE(name_entries(der_sequence({der_set({})})));
  CHECK_FALSE(name_entries(der_sequence({der_set({der_sequence({der_utf8("CN"), der_utf8("a")})})})));
  CHECK_FALSE(name_entries(der_sequence({der_set({der_sequence({der_oid("2.5.4.3"), der_utf8("a"), der_null()})})})));
}

TEST_CASE("a name is printed in order, with short names") {
  CHECK(printable_name(name_of({{"C", "DE"}, {"ST", "Bavaria"}, {"CN", "broker"}})) == "C=DE, ST=Bavaria, CN=broker");
  CHECK(printable_name(der_sequence({})) == "(no subject)");
  CHECK(printable_name(der_null()) == "(not a name)");
  CHECK(printable_name(der_sequence({der_set({der_sequence({der_oid("2.5.4.3"), der_utf8("a")}),
                                              der_sequence({der_oid("2.5.4.3"), der_utf8("b")})})})) == "CN=a + CN=b");
}

TEST_CASE("no octet of a name reaches a terminal unescaped, whatever its string type") {
  CHECK(printable_name(common_name(der_utf8("a\x1b[2Jb"))) == "CN=a\\x1b[2Jb");
  CHECK(printable_name(common_name(der_utf8("M\xc3\xbc"))) == "CN=M\\xc3\\xbc");
  CHECK(printable_name(common_name(der_text(0x1e, std::string_view("\0M\0\xfc", 4)))) == "CN=M\\xc3\\xbc");
  CHECK(printable_name(common_name(der_utf8("\xff"))) == "CN=\\xff");
  CHECK(printable_name(common_name(der_utf8(std::string_view("a\0b", 3)))) == "CN=a\\x00b");
  CHECK(printable_name(common_name(Bytes{0x02, 0x01, 0x07})) == "CN=\\x07");
}

TEST_CASE("a value cannot pass itself off as another entry") {
  CHECK(printable_name(common_name(der_utf8("a, O=Bank"))) == "CN=a\\, O=Bank");
  CHECK(printable_name(common_name(der_utf8("a + O=Bank"))) == "CN=a \\+ O=Bank");
  CHECK(printable_name(common_name(der_utf8("a\\, O=Bank"))) == "CN=a\\\\\\, O=Bank");
}
