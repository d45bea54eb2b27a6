#include <catch2/catch.hpp>

#include <atomic>
#include <optional>
#include <thread>

#include "../../../src/token/objects.hpp"
#include "support/raw_token.hpp"
#include "support/shim.hpp"
#include "support/softhsm.hpp"
#include "support/unlocked.hpp"

using namespace sealroom;
using namespace sealroom::testing;

namespace {

constexpr KeySpec kEc{KeyType::EcP256, 256};
constexpr KeySpec kRsa{KeyType::Rsa, 2048};
const auto kMessage = as_bytes("to be signed");

struct Setup {
  explicit Setup(const std::vector<std::string>& labels = {"sealroom-test"})
      : hsm(labels), shim(SoftHsm::module()), module(must(Module::load(SEALROOM_SHIM))) {}
  SoftHsm hsm;
  Shim shim;
  std::shared_ptr<Module> module;
};

bool says(const Error& error, std::string_view part) { return error.message.find(part) != std::string::npos; }

bool signs(const TokenKey& key) {
  const auto signature = key.sign(kMessage, HashAlgorithm::Sha256);
  return signature && key.public_key().verifies(kMessage, *signature, HashAlgorithm::Sha256);
}

// What Token::key says about a key that was made with `raw`; nothing when it accepts it.
std::optional<Error> verdict_on(const RawKey& raw) {
  const SoftHsm hsm;
  const auto module = must(Module::load(hsm.module()));
  auto token = must(unlock(module, "sealroom-test"));
  const auto other = must(token.generate(kEc, "other"));
  {
    const RawToken session("sealroom-test");
    make_raw_key(session, raw);
  }
  // The public key cannot match, so a key with the right attributes fails later, by its public half.
  auto key = token.key(uri("sealroom-test", raw.label), other.public_key);
  REQUIRE_FALSE(key.has_value());
  if (says(key.error(), "has another public key")) return std::nullopt;
  return key.error();
}

}  // namespace

TEST_CASE("a key with one wrong attribute is refused by name, and a key with none is not") {
  CHECK_FALSE(verdict_on({}).has_value());
  const auto refused_for = [](RawKey raw, std::string_view reason) {
    const auto error = verdict_on(raw);
    REQUIRE(error.has_value());
    CHECK(error->kind == ErrorKind::Token);
    CHECK(says(*error, reason));
  };
  refused_for({.sensitive = false}, "CKA_SENSITIVE is false");
  refused_for({.extractable = true}, "CKA_EXTRACTABLE is true");
  refused_for({.extractable = true}, "CKA_NEVER_EXTRACTABLE is false");
  refused_for({.sign = false}, "CKA_SIGN is false");
  refused_for({.decrypt = true}, "CKA_DECRYPT is true");
  refused_for({.derive = true}, "CKA_DERIVE is true");
  refused_for({.modifiable = true}, "CKA_MODIFIABLE is true");
  refused_for({.always_authenticate = true}, "CKA_ALWAYS_AUTHENTICATE is true");
}

TEST_CASE("a key that was made sensitive only later, or came from outside, is refused for its history") {
  const SoftHsm hsm;
  const auto module = must(Module::load(hsm.module()));
  const auto token = must(unlock(module, "sealroom-test"));
  const RawToken raw("sealroom-test");
  RawKey late{.label = "late"};
  late.sensitive = false;
  late.modifiable = true;
  const auto made = make_raw_key(raw, late);
  CK_BBOOL yes = CK_TRUE;
  CK_ATTRIBUTE sensitive{CKA_SENSITIVE, &yes, sizeof yes};
  REQUIRE(raw->C_SetAttributeValue(raw.session(), made.second, &sensitive, 1) == CKR_OK);
  const auto software = must(PublicKey::of(OwnedPkey(EVP_EC_gen("P-256")).get()));
  const auto key = token.key(uri("sealroom-test", "late"), software);
  REQUIRE_FALSE(key.has_value());
  CHECK_FALSE(says(key.error(), "CKA_SENSITIVE is false"));
  CHECK(says(key.error(), "CKA_ALWAYS_SENSITIVE is false"));
}

TEST_CASE("a key is found only where the URI says, and only with the public key that was expected") {
  Setup setup;
  auto token = must(unlock(setup.module, "sealroom-test"));
  for (const auto& spec : {kEc, kRsa}) {
    const auto one = must(token.generate(spec, "one-" + spec.text()));
    const auto two = must(token.generate(spec, "two-" + spec.text()));
    CHECK(signs(must(token.key(uri("sealroom-test", "one-" + spec.text()), one.public_key))));
    const auto wrong = token.key(uri("sealroom-test", "one-" + spec.text()), two.public_key);
    REQUIRE_FALSE(wrong.has_value());
    CHECK(wrong.error().kind == ErrorKind::Token);
    CHECK(says(wrong.error(), "has another public key"));
    const auto none = token.key(uri("sealroom-test", "three"), one.public_key);
    REQUIRE_FALSE(none.has_value());
    CHECK(says(none.error(), "has no private key 'three'"));
    const auto id = must(TokenUri::parse("pkcs11:token=sealroom-test;object=one-" + spec.text() + ";id=%00", "test"));
    CHECK_FALSE(token.key(id, one.public_key).has_value());
  }
}

TEST_CASE("two keys with one CKA_ID do not confuse: the label tells them apart, each signs as itself") {
  for (const auto mechanism : {CKM_EC_KEY_PAIR_GEN, CKM_RSA_PKCS_KEY_PAIR_GEN}) {
    const SoftHsm hsm;
    const auto module = must(Module::load(hsm.module()));
    const auto token = must(unlock(module, "sealroom-test"));
    const RawToken raw("sealroom-test");
    std::vector<std::pair<std::string, PublicKey>> keys;
    for (const auto* label : {"first", "second", "third"}) {
      RawKey twin{.label = label, .id = {7}};
      twin.mechanism = mechanism;
      const auto made = make_raw_key(raw, twin);
      const ObjectReader objects(raw.operator->(), raw.session(), "token");
      keys.emplace_back(label, *must(objects.public_key(made.first)));
    }
    for (const auto& [label, public_key] : keys) {
      CHECK(signs(must(token.key(uri("sealroom-test", label), public_key))));
      for (const auto& [other, its_key] : keys) {
        if (other != label) CHECK_FALSE(token.key(uri("sealroom-test", label), its_key).has_value());
      }
    }
    const auto by_id = token.key(must(TokenUri::parse("pkcs11:token=sealroom-test;id=%07", "test")), keys[0].second);
    REQUIRE_FALSE(by_id.has_value());
    CHECK(says(by_id.error(), "has 3 private keys with id 07"));
  }
}

TEST_CASE("two private keys with one label are ambiguous until the id decides") {
  const SoftHsm hsm;
  const auto module = must(Module::load(hsm.module()));
  const auto token = must(unlock(module, "sealroom-test"));
  const RawToken raw("sealroom-test");
  const auto one = make_raw_key(raw, {.label = "key", .id = {1}});
  make_raw_key(raw, {.label = "key", .id = {2}});
  const auto expected = *must(ObjectReader(raw.operator->(), raw.session(), "token").public_key(one.first));
  const auto both = token.key(uri("sealroom-test", "key"), expected);
  REQUIRE_FALSE(both.has_value());
  CHECK(says(both.error(), "has 2 private keys 'key'"));
  CHECK(signs(must(token.key(must(TokenUri::parse("pkcs11:token=sealroom-test;object=key;id=%01", "t")), expected))));
}

TEST_CASE("one Ed25519 key on the token is a clear error, and not libp11's silence") {
  const SoftHsm hsm;
  const auto module = must(Module::load(hsm.module()));
  auto token = must(unlock(module, "sealroom-test"));
  const auto good = must(token.generate(kEc, "good"));
  const RawToken raw("sealroom-test");
  make_raw_ed25519_key(raw, "modern");
  const auto key = token.key(uri("sealroom-test", "good"), good.public_key);
  REQUIRE_FALSE(key.has_value());
  CHECK(key.error().kind == ErrorKind::Token);
  CHECK(says(key.error(), "'modern' has key type 0x40 (Ed25519)"));
}

TEST_CASE("no session left for libp11 is an error and not a wait without end") {
  Setup setup;
  auto token = must(unlock(setup.module, "sealroom-test"));
  for (const auto* plan : {"C_OpenSession=CKR_SESSION_COUNT", "C_OpenSession=CKR_DEVICE_ERROR"}) {
    setup.shim.plan(plan);
    alarm(20);
    CHECK_FALSE(token.generate(kEc, "key").has_value());
  }
  setup.shim.plan("");
  const auto generated = must(token.generate(kEc, "key"));
  const auto key = must(token.key(uri("sealroom-test"), generated.public_key));
  // From here on libp11's pool has its session: signing opens none.
  setup.shim.plan("C_OpenSession=CKR_SESSION_COUNT");
  const auto opened = setup.shim.calls("C_OpenSession");
  CHECK(signs(key));
  CHECK(setup.shim.calls("C_OpenSession") == opened);
}

TEST_CASE("more threads than sessions all get their signatures") {
  Setup setup;
  auto token = must(unlock(setup.module, "sealroom-test"));
  const auto generated = must(token.generate(kEc, "key"));
  const auto key = must(token.key(uri("sealroom-test"), generated.public_key));
  setup.shim.plan(GENERATE("", "C_OpenSession=CKR_SESSION_COUNT", "C_OpenSession:3+=CKR_DEVICE_ERROR"));
  std::atomic<int> good = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 20; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 10; ++j) good += signs(key) ? 1 : 0;
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(good == 200);
}

TEST_CASE("a signature is exactly C_SignInit and C_Sign") {
  Setup setup;
  auto token = must(unlock(setup.module, "sealroom-test"));
  const auto generated = must(token.generate(kRsa, "key"));
  const auto key = must(token.key(uri("sealroom-test"), generated.public_key));
  const auto calls = [&] { return std::ranges::count(setup.shim.log(), '\n'); };
  const auto before = calls();
  REQUIRE(signs(key));
  CHECK(calls() == before + 2);
}

TEST_CASE("a failing signature is an error with the token's answer in words, and the next one can work") {
  Setup setup;
  auto token = must(unlock(setup.module, "sealroom-test"));
  for (const auto& spec : {kEc, kRsa}) {
    const auto label = spec.text();
    const auto generated = must(token.generate(spec, label));
    const auto key = must(token.key(uri("sealroom-test", label), generated.public_key));
    for (const auto* plan :
         {"C_Sign=CKR_DEVICE_ERROR", "C_SignInit=CKR_DEVICE_REMOVED", "C_SignInit=CKR_USER_NOT_LOGGED_IN",
          "C_Sign=after:CKR_TOKEN_NOT_PRESENT", "C_SignInit=CKR_SESSION_HANDLE_INVALID"}) {
      setup.shim.plan(plan);
      const auto signature = key.sign(kMessage, HashAlgorithm::Sha256);
      REQUIRE_FALSE(signature.has_value());
      CHECK(signature.error().kind == ErrorKind::Token);
      CHECK(says(signature.error(), std::string(plan).substr(std::string(plan).find("CKR_"))));
      CHECK(says(signature.error(), "'sealroom-test' (serial "));
    }
    setup.shim.plan("");
    CHECK(signs(key));
  }
}

TEST_CASE("a corrupt trial signature keeps a key from being used") {
  Setup setup;
  auto token = must(unlock(setup.module, "sealroom-test"));
  const auto generated = must(token.generate(kEc, "key"));
  setup.shim.plan("C_Sign=corrupt");
  const auto key = token.key(uri("sealroom-test"), generated.public_key);
  REQUIRE_FALSE(key.has_value());
  CHECK(says(key.error(), "trial signature"));
}

TEST_CASE("a key works after the token's and the module's handles were moved, and stops when the token is locked") {
  Setup setup;
  auto token = std::make_optional(must(unlock(setup.module, "sealroom-test")));
  const auto generated = must(token->generate(kEc, "key"));
  const auto key = must(token->key(uri("sealroom-test"), generated.public_key));
  setup.module.reset();
  const Token moved = std::move(*token);
  token.reset();
  CHECK(signs(key));
}

TEST_CASE("a key that outlives its token and module says that the token is locked, and goes away in peace") {
  Setup setup;
  auto token = std::make_optional(must(unlock(setup.module, "sealroom-test")));
  std::vector<TokenKey> keys;
  for (const auto& spec : {kEc, kRsa}) {
    const auto generated = must(token->generate(spec, spec.text()));
    keys.push_back(must(token->key(uri("sealroom-test", spec.text()), generated.public_key)));
  }
  token.reset();
  setup.module.reset();
  const auto before = setup.shim.calls("C_SignInit");
  for (const auto& key : keys) {
    const auto signature = key.sign(kMessage, HashAlgorithm::Sha256);
    REQUIRE_FALSE(signature.has_value());
    CHECK(signature.error().kind == ErrorKind::Token);
    CHECK(says(signature.error(), "is locked"));
  }
  CHECK(setup.shim.calls("C_SignInit") == before);
  CHECK(setup.shim.calls("C_Finalize") == 0);
  keys.clear();
  CHECK(setup.shim.calls("C_Finalize") == 1);
}

TEST_CASE("a key of an earlier unlocking stays dead when the token is unlocked again, and a new one works") {
  Setup setup;
  auto token = std::make_optional(must(unlock(setup.module, "sealroom-test")));
  const auto generated = must(token->generate(kEc, "key"));
  const auto old = must(token->key(uri("sealroom-test"), generated.public_key));
  token.reset();
  token.emplace(must(unlock(setup.module, "sealroom-test")));
  CHECK_FALSE(signs(old));
  CHECK(signs(must(token->key(uri("sealroom-test"), generated.public_key))));
}

TEST_CASE("locking one token, or dropping its keys, leaves the others unlocked") {
  Setup setup({"one", "two"});
  auto one = std::make_optional(must(unlock(setup.module, "one")));
  auto two = must(unlock(setup.module, "two"));
  const auto first = must(one->generate(kEc, "key"));
  const auto second = must(two.generate(kEc, "key"));
  const auto lasting = must(two.key(uri("two"), second.public_key));
  for (int i = 0; i < 3; ++i) {
    {
      const auto key = must(one->key(uri("one"), first.public_key));
      CHECK(signs(key));
    }
    one.reset();
    CHECK(two.alive());
    CHECK(signs(lasting));
    one.emplace(must(unlock(setup.module, "one")));
    CHECK(two.alive());
    CHECK(signs(lasting));
  }
}

TEST_CASE("a token that cannot be described does not cost the others their login") {
  Setup setup({"one", "two"});
  auto one = must(unlock(setup.module, "one"));
  auto two = must(unlock(setup.module, "two"));
  for (int n = 1; n <= 3; ++n) {  // two tokens and the free slot
    setup.shim.plan("C_GetTokenInfo:" + std::to_string(n) + "+=CKR_DEVICE_ERROR");
    CHECK_FALSE(two.generate(kEc, "key").has_value());
    CHECK(one.alive());
    CHECK(two.alive());
  }
  setup.shim.plan("");
  CHECK(one.generate(kEc, "key").has_value());
}

TEST_CASE("another token initialised meanwhile does not disturb a key in use") {
  Setup setup;
  auto token = must(unlock(setup.module, "sealroom-test"));
  const auto generated = must(token.generate(kEc, "key"));
  const auto key = must(token.key(uri("sealroom-test"), generated.public_key));
  REQUIRE(setup.module->initialise_token("late", secret("31415926"), secret("123456")).has_value());
  CHECK(signs(key));
  auto late = must(unlock(setup.module, "late", "123456"));
  const auto other = must(late.generate(kEc, "key"));
  CHECK(signs(must(late.key(uri("late"), other.public_key))));
  CHECK(signs(key));
}

TEST_CASE("as many threads may sign as the token allows sessions beside ours, and one where the module cannot lock") {
  const auto threads_when = [](const std::string& plan) {
    const SoftHsm hsm;
    const Shim shim(SoftHsm::module());
    shim.plan(plan);
    const auto module = must(Module::load(SEALROOM_SHIM));
    auto token = must(unlock(module, "sealroom-test"));
    const auto generated = must(token.generate(kEc, "key"));
    const auto key = must(token.key(uri("sealroom-test"), generated.public_key));
    CHECK(signs(key));
    return key.threads();
  };
  CHECK(threads_when("") == 16);
  CHECK(threads_when("C_GetTokenInfo=sessions:4") == 3);
  CHECK(threads_when("C_GetTokenInfo=sessions:1") == 1);
  CHECK(threads_when("C_GetTokenInfo=sessions:1000") == 16);
  CHECK(threads_when("C_Initialize=cant-lock") == 1);
}
