#include <catch2/catch.hpp>

#include <algorithm>

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
  SoftHsm hsm;
  Shim shim{SoftHsm::module()};
  std::shared_ptr<Module> module = must(Module::load(SEALROOM_SHIM));
  Token token = must(unlock(module, "sealroom-test"));

  std::size_t privates() const { return RawToken("sealroom-test").count(CKO_PRIVATE_KEY); }
  std::size_t publics() const { return RawToken("sealroom-test").count(CKO_PUBLIC_KEY); }
  TokenPrivateKey named(const std::string& label) const {
    for (const auto& key : must(token.private_keys())) {
      if (key.label == label) return key;
    }
    throw std::runtime_error("no key " + label);
  }
};

bool says(const Error& error, std::string_view part) { return error.message.find(part) != std::string::npos; }

OwnedPkey software_key() { return OwnedPkey(EVP_EC_gen("P-256")); }

}  // namespace

TEST_CASE("every private key on the token is listed with what tells it from others") {
  Setup setup;
  CHECK(must(setup.token.private_keys()).empty());
  const auto ec = must(setup.token.generate(kEc, "ours"));
  const auto rsa = must(setup.token.generate(kRsa, "second"));
  {
    const RawToken raw("sealroom-test");
    import_raw_key(raw, software_key().get(), {.label = "half", .id = {0x77}}, Halves::PrivateOnly);
    make_raw_ed25519_key(raw, "mod\nern");
  }
  CHECK(must(setup.token.private_keys()).size() == 4);
  const auto ours = setup.named("ours");
  CHECK(ours.key_id == ec.key_id);
  CHECK(ours.algorithm == "EC P-256");
  CHECK(ours.digest() == ec.public_key.digest());
  CHECK(setup.named("second").algorithm == "RSA 2048");
  CHECK(setup.named("second").digest() == rsa.public_key.digest());
  CHECK(setup.named("half").algorithm == "EC");
  CHECK(setup.named("half").key_id == Bytes{0x77});
  CHECK_FALSE(setup.named("half").public_key.has_value());
  CHECK(setup.named("mod\\x0aern").algorithm == "key type 0x40");
  import_raw_key(RawToken("sealroom-test"), software_key().get(),
                 {.label = "odd", .id = {0x78}, .curve = {0x06, 0x03, 0x2a, 0x03, 0x04}});  // no known curve
  CHECK(setup.named("odd").algorithm == "EC");
  CHECK_FALSE(setup.named("odd").public_key.has_value());
  CHECK(setup.named("ours").digest() == ec.public_key.digest());
}

TEST_CASE("a public key is not guessed where several bear one CKA_ID") {
  Setup setup;
  const RawToken raw("sealroom-test");
  make_raw_key(raw, {.label = "one", .id = {7}});
  CHECK(setup.named("one").public_key.has_value());
  make_raw_key(raw, {.label = "two", .id = {7}});
  CHECK_FALSE(setup.named("one").public_key.has_value());
  // An RSA key knows its own.
  RawKey rsa{.label = "three", .id = {7}};
  rsa.mechanism = CKM_RSA_PKCS_KEY_PAIR_GEN;
  make_raw_key(raw, rsa);
  CHECK(setup.named("three").public_key.has_value());
}

TEST_CASE("exactly the pair that is named is destroyed") {
  Setup setup;
  const auto ec = must(setup.token.generate(kEc, "ec"));
  const auto rsa = must(setup.token.generate(kRsa, "rsa"));
  const auto kept = must(setup.token.generate(kEc, "kept"));
  for (const auto& [id, digest] : {std::pair(ec.key_id, kept.public_key.digest()),
                                   std::pair(Bytes{1, 2, 3}, ec.public_key.digest()), std::pair(Bytes(), Digest{})}) {
    const auto none = setup.token.destroy_key(id, digest);
    REQUIRE_FALSE(none.has_value());
    CHECK(none.error().kind == ErrorKind::Token);
    CHECK(says(none.error(), "has no key with id"));
  }
  CHECK_FALSE(setup.token.destroy_key(ec.key_id, std::nullopt).has_value());
  CHECK(setup.shim.calls("C_DestroyObject") == setup.shim.calls("C_GenerateKey"));  // those of the extraction attempts
  REQUIRE(setup.token.destroy_key(ec.key_id, ec.public_key.digest()).has_value());
  REQUIRE(setup.token.destroy_key(rsa.key_id, rsa.public_key.digest()).has_value());
  CHECK(setup.privates() == 1);
  CHECK(setup.publics() == 1);
  CHECK(setup.token.key(uri("sealroom-test", "kept"), kept.public_key).has_value());
  CHECK_FALSE(setup.token.destroy_key(ec.key_id, ec.public_key.digest()).has_value());
}

TEST_CASE("a twin with the same CKA_ID is left alone, or the choice is left to people") {
  Setup setup;
  const RawToken raw("sealroom-test");
  make_raw_key(raw, {.label = "ec", .id = {7}});
  RawKey rsa{.label = "rsa", .id = {7}};
  rsa.mechanism = CKM_RSA_PKCS_KEY_PAIR_GEN;
  make_raw_key(raw, rsa);
  REQUIRE(setup.token.destroy_key({7}, setup.named("rsa").digest()).has_value());
  CHECK(setup.named("ec").public_key.has_value());
  CHECK(setup.privates() == 1);
  make_raw_key(raw, {.label = "twin", .id = {7}});
  const auto both = setup.token.destroy_key({7}, std::nullopt);
  REQUIRE_FALSE(both.has_value());
  CHECK(says(both.error(), "has 2 private keys like the key with id 07"));
  CHECK(setup.privates() == 2);
}

TEST_CASE("a private key without a public half, and what is left of a pair, can be destroyed") {
  Setup setup;
  {
    const RawToken raw("sealroom-test");
    import_raw_key(raw, software_key().get(), {.label = "half", .id = {0x77}}, Halves::PrivateOnly);
  }
  REQUIRE(setup.token.destroy_key({0x77}, std::nullopt).has_value());
  CHECK(setup.privates() == 0);
  const auto made = must(setup.token.generate(kEc, "key"));
  setup.shim.plan("C_DestroyObject:2=CKR_DEVICE_ERROR");
  const auto destroyed = setup.token.destroy_key(made.key_id, made.public_key.digest());
  REQUIRE_FALSE(destroyed.has_value());
  CHECK(says(destroyed.error(), "the private key is destroyed"));
  CHECK(setup.privates() == 0);
  CHECK(setup.publics() == 1);
  setup.shim.plan("");
  REQUIRE(setup.token.destroy_key(made.key_id, made.public_key.digest()).has_value());
  CHECK(setup.publics() == 0);
}

TEST_CASE("a key that the token does not give up stays, and the error says so") {
  Setup setup;
  const RawToken raw("sealroom-test");
  RawKey lasting{.label = "lasting", .id = {9}};
  lasting.destroyable = false;
  make_raw_key(raw, lasting);
  const auto destroyed = setup.token.destroy_key({9}, setup.named("lasting").digest());
  REQUIRE_FALSE(destroyed.has_value());
  CHECK(destroyed.error().kind == ErrorKind::Token);
  CHECK(says(destroyed.error(), "CKR_ACTION_PROHIBITED"));
  CHECK(says(destroyed.error(), "nothing was destroyed"));
  CHECK(setup.privates() == 1);
  CHECK(setup.publics() == 1);
}
