#include <catch2/catch.hpp>

#include "sealroom/token/token.hpp"
#include "sealroom/token/token_uri.hpp"

using namespace sealroom;

namespace {

std::string refusal(std::string_view text) {
  const auto uri = TokenUri::parse(text, "issuers/root.cnf:21");
  REQUIRE_FALSE(uri.has_value());
  CHECK(uri.error().kind == ErrorKind::Usage);
  CHECK(uri.error().message.starts_with("issuers/root.cnf:21: "));
  return uri.error().message;
}

bool says(const std::string& message, std::string_view part) { return message.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("a URI with every attribute that is honoured is taken apart") {
  const auto uri = TokenUri::parse(
      "pkcs11:token=Sealroom%20root;serial=0af1;manufacturer=SoftHSM%20project;model=SoftHSM%20v2;"
      "object=root-2026;id=%01%fe;type=private",
      "here");
  REQUIRE(uri.has_value());
  CHECK(uri->token() == "Sealroom root");
  CHECK(uri->serial() == "0af1");
  CHECK(uri->manufacturer() == "SoftHSM project");
  CHECK(uri->model() == "SoftHSM v2");
  CHECK(uri->object() == "root-2026");
  CHECK(uri->id() == Bytes{0x01, 0xfe});
  CHECK(uri->text().starts_with("pkcs11:token=Sealroom%20root"));
}

TEST_CASE("token or serial, and object or id, are enough") {
  const auto shortest = TokenUri::parse("pkcs11:serial=0af1;id=%01", "here");
  REQUIRE(shortest.has_value());
  CHECK(shortest->token().empty());
  CHECK(shortest->object().empty());
  CHECK(TokenUri::parse("pkcs11:token=a;object=b", "here").has_value());
}

TEST_CASE("a URI that names no token or no key is refused") {
  CHECK(says(refusal("pkcs11:object=k"), "neither token nor serial"));
  CHECK(says(refusal("pkcs11:manufacturer=m;model=v;object=k"), "neither token nor serial"));
  CHECK(says(refusal("pkcs11:token=t"), "neither object nor id"));
  CHECK(says(refusal("pkcs11:"), "not known"));
}

TEST_CASE("what is not a PKCS#11 URI is refused") {
  CHECK(says(refusal(""), "pkcs11:"));
  CHECK(says(refusal("file:/etc/root.key"), "pkcs11:"));
  CHECK(says(refusal("PKCS11:token=t;object=k"), "pkcs11:"));
  refusal("pkcs11:token=%zz;object=k");
  refusal("pkcs11:token=%4;object=k");
  refusal("pkcs11:token=t;object=k;id=%");
  refusal("pkcs11:token=t;object=k;");
}

TEST_CASE("an attribute that would be ignored is refused by name") {
  CHECK(says(refusal("pkcs11:token=t;object=k;colour=red"), "'colour'"));
  CHECK(says(refusal("pkcs11:token=t;object=k;library-manufacturer=x"), "'library-manufacturer'"));
  CHECK(says(refusal("pkcs11:token=t;object=k;slot-id=3"), "slot-id"));
  CHECK(says(refusal("pkcs11:token=t;object=k;slot-description=s"), "slot-description"));
  CHECK(says(refusal("pkcs11:token=t;object=k?pin-value=1234"), "a PIN has no place"));
  CHECK(says(refusal("pkcs11:token=t;object=k;pin-value=1234"), "a PIN has no place"));
  CHECK(says(refusal("pkcs11:token=t;object=k?pin-source=file:/pin"), "a PIN has no place"));
  CHECK(says(refusal("pkcs11:token=t;object=k?module-path=/lib/x.so"), "module-path"));
}

TEST_CASE("the message about a URI never repeats a PIN in it") {
  CHECK_FALSE(says(refusal("pkcs11:token=t;object=k?pin-value=31415"), "31415"));
  CHECK_FALSE(says(refusal("pkcs11:token=t;object=k;pin-value=31415"), "31415"));
  CHECK_FALSE(says(refusal("pkcs11:colour=red;token=t?pin-value=31415"), "31415"));
}

TEST_CASE("blanks and doubled, empty or overlong attributes are refused") {
  CHECK(says(refusal("pkcs11:token=my token;object=k"), "%XX"));
  CHECK(says(refusal("pkcs11:token=t;token=u;object=k"), "twice"));
  CHECK(says(refusal("pkcs11:token=;object=k"), "no value"));
  CHECK(says(refusal("pkcs11:token;object=k"), "no value"));
  CHECK(TokenUri::parse("pkcs11:object=k;token=" + std::string(32, 'x'), "here").has_value());
  refusal("pkcs11:object=k;token=" + std::string(33, 'x'));
}

TEST_CASE("only private keys can be named") {
  CHECK(TokenUri::parse("pkcs11:token=t;object=k;type=private", "here").has_value());
  CHECK(says(refusal("pkcs11:token=t;object=k;type=public"), "'private'"));
  CHECK(says(refusal("pkcs11:token=t;object=k;type=cert"), "'private'"));
  refusal("pkcs11:token=t;object=k;type=sausage");
}

TEST_CASE("the five kinds of keys have names that are read back") {
  for (const auto* name : {"rsa-2048", "rsa-3072", "rsa-4096", "ec-p256", "ec-p384"}) {
    const auto spec = KeySpec::parse(name);
    REQUIRE(spec.has_value());
    CHECK(spec->text() == name);
  }
  for (const auto* name : {"", "rsa", "rsa-1024", "RSA-2048", "ec-p521", "ed25519", "rsa-2048 "}) {
    CHECK_FALSE(KeySpec::parse(name).has_value());
  }
}
