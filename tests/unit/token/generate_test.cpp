#include <catch2/catch.hpp>

#include <algorithm>

#include "../../../src/token/extraction.hpp"
#include "sealroom/base/bytes.hpp"
#include "support/raw_token.hpp"
#include "support/shim.hpp"
#include "support/softhsm.hpp"
#include "support/unlocked.hpp"

using namespace sealroom;
using namespace sealroom::testing;

namespace {

constexpr KeySpec kEc{KeyType::EcP256, 256};
constexpr KeySpec kRsa{KeyType::Rsa, 2048};

struct Setup {
  Setup() : shim(SoftHsm::module()), token(must(unlock(must(Module::load(SEALROOM_SHIM)), "sealroom-test"))) {}

  std::size_t keys_left() const {
    const RawToken raw("sealroom-test", SEALROOM_SHIM);
    return raw.count(CKO_PRIVATE_KEY) + raw.count(CKO_PUBLIC_KEY);
  }

  SoftHsm hsm;
  Shim shim;
  Token token;
};

bool says(const Error& error, std::string_view part) { return error.message.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("each kind of key is generated, read back, found again by URI, and signs what its public key verifies") {
  const auto name = GENERATE("rsa-2048", "rsa-3072", "rsa-4096", "ec-p256", "ec-p384");
  const SoftHsm hsm;
  const auto spec = must(KeySpec::parse(name));
  const auto generated = [&] {
    auto token = must(unlock(must(Module::load(hsm.module())), "sealroom-test"));
    return must(token.generate(spec, "root"));
  }();
  CHECK(generated.key_id.size() == 20);
  CHECK(generated.public_key.type() == spec.type);
  CHECK(generated.public_key.bits() == spec.bits);
  CHECK(generated.token.label == "sealroom-test");

  const auto token = must(unlock(must(Module::load(hsm.module())), "sealroom-test"));
  const auto by_id = "pkcs11:token=sealroom-test;id=%" + [&] {
    std::string text;
    for (const auto octet : generated.key_id) text += (text.empty() ? "" : "%") + to_hex(ByteView(&octet, 1));
    return text;
  }();
  CHECK(token.key(must(TokenUri::parse(by_id, "test")), generated.public_key).has_value());
  const auto key = must(token.key(uri("sealroom-test", "root"), generated.public_key));
  CHECK(key.key_id() == generated.key_id);
  CHECK(key.public_key().der() == generated.public_key.der());
  const auto message = as_bytes("to be signed");
  for (const auto hash : {HashAlgorithm::Sha256, HashAlgorithm::Sha384, HashAlgorithm::Sha512}) {
    auto signature = must(key.sign(message, hash));
    CHECK(generated.public_key.verifies(message, signature, hash));
    CHECK_FALSE(generated.public_key.verifies(as_bytes("to be Signed"), signature, hash));
    signature[signature.size() / 2] ^= 1;
    CHECK_FALSE(generated.public_key.verifies(message, signature, hash));
  }
}

TEST_CASE("the evidence of a generation has every attribute and every extraction attempt in it") {
  Setup setup;
  const auto generated = must(setup.token.generate(kRsa, "root"));
  const auto& attributes = generated.evidence.at("attributes");
  for (const auto* yes : {"CKA_TOKEN", "CKA_PRIVATE", "CKA_SENSITIVE", "CKA_ALWAYS_SENSITIVE", "CKA_NEVER_EXTRACTABLE",
                          "CKA_LOCAL", "CKA_SIGN"}) {
    CHECK(attributes.at(yes) == true);
  }
  for (const auto* no : {"CKA_EXTRACTABLE", "CKA_DECRYPT", "CKA_UNWRAP", "CKA_DERIVE", "CKA_SIGN_RECOVER",
                         "CKA_MODIFIABLE", "CKA_COPYABLE", "CKA_ALWAYS_AUTHENTICATE"}) {
    CHECK(attributes.at(no) == false);
  }
  CHECK(attributes.at("CKA_ALLOWED_MECHANISMS") == Json::array({CKM_RSA_PKCS}));
  CHECK(generated.evidence.at("not_enforced") == Json::array());
  CHECK(generated.evidence.at("id") == to_hex(generated.key_id));
  std::map<std::string, std::string> answers;
  for (const auto& each : generated.evidence.at("extraction")) answers[each.at("attempt")] = each.at("answer");
  CHECK(answers.at("read CKA_PRIVATE_EXPONENT") == "CKR_ATTRIBUTE_SENSITIVE");
  CHECK(answers.at("wrap with CKM_AES_KEY_WRAP_PAD") == "CKR_KEY_UNEXTRACTABLE");
  CHECK(answers.at("copy as extractable") == "CKR_ACTION_PROHIBITED");
  CHECK(answers.at("copy") == "CKR_ACTION_PROHIBITED");
  CHECK(answers.size() == 11);
}

TEST_CASE("the extraction attempts do succeed with a key that gives way, and leave nothing behind") {
  const SoftHsm hsm;
  const RawToken raw("sealroom-test");
  RawKey weak{.label = "weak"};
  weak.sensitive = false;
  weak.extractable = true;
  weak.modifiable = true;
  const auto made = make_raw_key(raw, weak);
  const ObjectReader objects(raw.operator->(), raw.session(), "token");
  const auto attempts = try_to_extract(objects, {made.second, CKK_EC, "weak", {1}}, Copyable::Forbidden);
  for (const auto* succeeded : {"read CKA_VALUE", "wrap with CKM_AES_KEY_WRAP_PAD", "copy"}) {
    CHECK(attempts.complaint.find(succeeded) != std::string::npos);
  }
  CHECK(raw.count(CKO_PRIVATE_KEY) == 1);
  CHECK(raw.count(CKO_SECRET_KEY) == 0);
}

TEST_CASE("a copy that stays protected is recorded only, where the token does not keep CKA_COPYABLE") {
  const SoftHsm hsm;
  const RawToken raw("sealroom-test");
  const auto made = make_raw_key(raw, {});
  const ObjectReader objects(raw.operator->(), raw.session(), "token");
  const PrivateKeyObject key{made.second, CKK_EC, "key", {1}};
  CHECK(try_to_extract(objects, key, Copyable::NotKept).complaint.empty());
  CHECK(try_to_extract(objects, key, Copyable::Forbidden).complaint == "copy");
}

TEST_CASE("a label that a private key has already is refused before anything is generated") {
  Setup setup;
  REQUIRE(setup.token.generate(kEc, "root").has_value());
  const auto again = setup.token.generate(kEc, "root");
  REQUIRE_FALSE(again.has_value());
  CHECK(again.error().kind == ErrorKind::Token);
  CHECK(says(again.error(), "has a private key 'root' already"));
  CHECK(setup.shim.calls("C_GenerateKeyPair") == 1);
  CHECK_FALSE(setup.token.generate(kEc, "").has_value());
  CHECK_FALSE(setup.token.generate(kEc, "r\xc3\xb6t").has_value());
  CHECK(setup.shim.calls("C_GenerateKeyPair") == 1);
  CHECK(setup.token.generate(kEc, "root-2").has_value());
}

TEST_CASE("a corrupt trial signature is caught, and the pair destroyed") {
  Setup setup;
  for (const auto& spec : {kEc, kRsa}) {
    setup.shim.plan("C_Sign=corrupt");
    const auto generated = setup.token.generate(spec, "root");
    REQUIRE_FALSE(generated.has_value());
    CHECK(generated.error().kind == ErrorKind::Token);
    CHECK(says(generated.error(), "trial signature"));
    CHECK(says(generated.error(), "nothing of the new pair is left"));
    CHECK(setup.keys_left() == 0);
  }
}

TEST_CASE("a key that is not as the template asked is caught, and the pair destroyed") {
  Setup setup;
  setup.shim.plan("C_GenerateKeyPair=weaken");
  const auto generated = setup.token.generate(kEc, "root");
  REQUIRE_FALSE(generated.has_value());
  CHECK(says(generated.error(), "CKA_SENSITIVE is false"));
  CHECK(says(generated.error(), "CKA_EXTRACTABLE is true"));
  CHECK(setup.keys_left() == 0);
}

TEST_CASE("a pair that cannot be destroyed is said to be left behind, with its id") {
  Setup setup;
  setup.shim.plan("C_Sign=corrupt, C_DestroyObject=CKR_GENERAL_ERROR");
  const auto generated = setup.token.generate(kEc, "root");
  REQUIRE_FALSE(generated.has_value());
  CHECK(says(generated.error(), "may have been left on the token, with id "));
  CHECK(setup.keys_left() == 2);
}

TEST_CASE("a pair that was made although the token reported an error is destroyed") {
  Setup setup;
  setup.shim.plan("C_GenerateKeyPair=after:CKR_DEVICE_ERROR");
  const auto generated = setup.token.generate(kEc, "root");
  REQUIRE_FALSE(generated.has_value());
  CHECK(says(generated.error(), "CKR_DEVICE_ERROR"));
  CHECK(setup.shim.calls("C_GenerateKeyPair") == 1);
  CHECK(setup.keys_left() == 0);
}

TEST_CASE("an optional attribute that the token refuses is left out and recorded as not enforced") {
  Setup setup;
  for (const auto* answer :
       {"CKR_ATTRIBUTE_TYPE_INVALID", "CKR_TEMPLATE_INCONSISTENT", "CKR_ATTRIBUTE_VALUE_INVALID"}) {
    setup.shim.plan(std::string("C_GenerateKeyPair:1=") + answer);
    const auto generated = must(setup.token.generate(kEc, answer));
    CHECK(generated.evidence.at("not_enforced") == Json::array({"CKA_COPYABLE"}));
    CHECK(generated.evidence.at("attributes").at("CKA_COPYABLE") == true);
    CHECK(generated.evidence.at("attributes").at("CKA_EXTRACTABLE") == false);
  }
}

TEST_CASE("what a CA key needs is never left out: a token that refuses it gets no key") {
  Setup setup;
  setup.shim.plan("C_GenerateKeyPair=CKR_TEMPLATE_INCONSISTENT");
  const auto generated = setup.token.generate(kEc, "root");
  REQUIRE_FALSE(generated.has_value());
  CHECK(says(generated.error(), "CKR_TEMPLATE_INCONSISTENT"));
  CHECK(setup.keys_left() == 0);
  setup.shim.plan("C_GenerateKeyPair:1=CKR_TEMPLATE_INCONSISTENT, C_GenerateKeyPair:2+=weaken");
  CHECK_FALSE(setup.token.generate(kEc, "root").has_value());
  CHECK(setup.keys_left() == 0);
}

TEST_CASE("a token that fails in the middle of a generation leaves no key behind") {
  Setup setup;
  for (const auto* plan : {"C_GenerateRandom=CKR_RANDOM_NO_RNG", "C_GenerateKeyPair=CKR_DEVICE_MEMORY",
                           "C_SignInit=CKR_MECHANISM_INVALID", "C_Sign=CKR_DEVICE_ERROR",
                           "C_Sign=after:CKR_DEVICE_ERROR", "C_OpenSession=CKR_SESSION_COUNT",
                           "C_FindObjectsInit:3=CKR_DEVICE_ERROR"}) {
    setup.shim.plan(plan);
    const auto generated = setup.token.generate(kEc, "root");
    REQUIRE_FALSE(generated.has_value());
    CHECK(generated.error().kind == ErrorKind::Token);
    setup.shim.plan("");
    INFO(plan);
    CHECK(setup.keys_left() == 0);
  }
  CHECK(setup.token.generate(kEc, "root").has_value());
}

TEST_CASE("nothing is generated on a token that libp11 could not use afterwards") {
  const SoftHsm hsm;
  {
    const RawToken raw("sealroom-test");
    make_raw_ed25519_key(raw, "modern");
  }
  auto token = must(unlock(must(Module::load(hsm.module())), "sealroom-test"));
  const auto generated = token.generate(kEc, "root");
  REQUIRE_FALSE(generated.has_value());
  CHECK(says(generated.error(), "Ed25519"));
  const RawToken raw("sealroom-test");
  CHECK(raw.count(CKO_PRIVATE_KEY) == 1);
}
