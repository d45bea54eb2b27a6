#include <catch2/catch.hpp>

#include "support/raw_token.hpp"
#include "support/shim.hpp"
#include "support/softhsm.hpp"
#include "support/unlocked.hpp"

using namespace sealroom;
using namespace sealroom::testing;

namespace {

constexpr KeySpec kEc{KeyType::EcP256, 256};
const auto kMessage = as_bytes("to be signed");

struct Setup {
  explicit Setup(const std::vector<std::string>& labels = {"sealroom-test"}) : hsm(labels) {
    token.emplace(must(unlock(module, labels.front())));
  }
  SoftHsm hsm;
  Shim shim{SoftHsm::module()};
  std::shared_ptr<Module> module = must(Module::load(SEALROOM_SHIM));
  std::optional<Token> token;
  OwnedPkey software{EVP_EC_gen("P-256")};
  PublicKey public_key = must(PublicKey::of(software.get()));
};

bool says(const Error& error, std::string_view part) { return error.message.find(part) != std::string::npos; }

bool signs(const TokenKey& key) {
  const auto signature = key.sign(kMessage, HashAlgorithm::Sha256);
  return signature && key.public_key().verifies(kMessage, *signature, HashAlgorithm::Sha256);
}

}  // namespace

TEST_CASE("a restored key is refused for its history, may be adopted with evidence, and then signs") {
  Setup setup;
  import_raw_key(RawToken("sealroom-test"), setup.software.get(), {.label = "key", .id = {5}});
  const auto refused = setup.token->key(uri("sealroom-test"), setup.public_key);
  REQUIRE_FALSE(refused.has_value());
  for (const auto* reason : {"CKA_ALWAYS_SENSITIVE is false", "CKA_NEVER_EXTRACTABLE is false", "CKA_LOCAL is false"}) {
    CHECK(says(refused.error(), reason));
  }
  CHECK(refused.error().hint.find("adopted") != std::string::npos);

  const auto found = must(setup.token->examine_for_adoption(uri("sealroom-test"), setup.public_key));
  CHECK(found.public_key.digest() == setup.public_key.digest());
  CHECK(found.key_id == Bytes{5});
  CHECK(found.token.label == "sealroom-test");
  CHECK(found.evidence.at("unproven") ==
        Json::array({"CKA_ALWAYS_SENSITIVE is false", "CKA_NEVER_EXTRACTABLE is false", "CKA_LOCAL is false"}));
  CHECK(found.evidence.at("attributes").at("CKA_EXTRACTABLE") == false);
  CHECK(found.evidence.at("extraction").size() >= 5);
  CHECK(found.evidence.at("extraction").at(0) ==
        Json({{"attempt", "read CKA_VALUE"}, {"answer", "CKR_ATTRIBUTE_SENSITIVE"}}));
  CHECK(found.evidence.at("trial_signature") == "verified");
  CHECK(found.evidence.at("label") == "key");
  CHECK(signs(must(setup.token->key(uri("sealroom-test"), setup.public_key, KeyHistory::Adopted))));
  const RawToken raw("sealroom-test");
  CHECK(raw.count(CKO_PRIVATE_KEY) == 1);
  CHECK(raw.count(CKO_SECRET_KEY) == 0);
}

TEST_CASE("one key pair on two tokens can be adopted on both, and signs as one key") {
  Setup setup({"first", "second"});
  import_raw_key(RawToken("first"), setup.software.get(), {.label = "key", .id = {5}});
  import_raw_key(RawToken("second"), setup.software.get(), {.label = "copy", .id = {6}});
  const auto second = must(unlock(setup.module, "second"));
  CHECK(must(setup.token->examine_for_adoption(uri("first"), setup.public_key)).key_id == Bytes{5});
  CHECK(must(second.examine_for_adoption(uri("second", "copy"), setup.public_key)).key_id == Bytes{6});
  CHECK(signs(must(setup.token->key(uri("first"), setup.public_key, KeyHistory::Adopted))));
  CHECK(signs(must(second.key(uri("second", "copy"), setup.public_key, KeyHistory::Adopted))));
}

TEST_CASE("a key is found by its id, whatever its label and whoever else has that") {
  Setup setup;
  const RawToken raw("sealroom-test");
  import_raw_key(raw, setup.software.get(), {.label = "another", .id = {5}});
  import_raw_key(raw, OwnedPkey(EVP_EC_gen("P-256")).get(), {.label = "another", .id = {6}});
  const auto named = uri("sealroom-test");
  CHECK_FALSE(setup.token->key(named, setup.public_key, KeyHistory::Adopted).has_value());
  CHECK(must(setup.token->examine_for_adoption(named.with_id({5}), setup.public_key)).key_id == Bytes{5});
  CHECK(signs(must(setup.token->key(named.with_id({5}), setup.public_key, KeyHistory::Adopted))));
  CHECK_FALSE(setup.token->key(named.with_id({6}), setup.public_key, KeyHistory::Adopted).has_value());
}

TEST_CASE("a key with a proven history can be examined too, and nothing is unproven") {
  Setup setup;
  const auto made = must(setup.token->generate(kEc, "key"));
  const auto found = must(setup.token->examine_for_adoption(uri("sealroom-test"), made.public_key));
  CHECK(found.evidence.at("unproven") == Json::array());
  CHECK(signs(must(setup.token->key(uri("sealroom-test"), made.public_key, KeyHistory::Adopted))));
}

TEST_CASE("adoption waives the history and no other rule") {
  const auto refused_for = [](RawKey raw, std::string_view reason) {
    Setup setup;
    import_raw_key(RawToken("sealroom-test"), setup.software.get(), std::move(raw));
    const auto found = setup.token->examine_for_adoption(uri("sealroom-test"), setup.public_key);
    REQUIRE_FALSE(found.has_value());
    CHECK(found.error().kind == ErrorKind::Token);
    CHECK(says(found.error(), reason));
    CHECK_FALSE(says(found.error(), "CKA_LOCAL"));
    const auto key = setup.token->key(uri("sealroom-test"), setup.public_key, KeyHistory::Adopted);
    REQUIRE_FALSE(key.has_value());
    CHECK(says(key.error(), reason));
  };
  refused_for({.sensitive = false}, "CKA_SENSITIVE is false");
  refused_for({.extractable = true}, "CKA_EXTRACTABLE is true");
  refused_for({.sign = false}, "CKA_SIGN is false");
  refused_for({.decrypt = true}, "CKA_DECRYPT is true");
  refused_for({.derive = true}, "CKA_DERIVE is true");
  refused_for({.modifiable = true}, "CKA_MODIFIABLE is true");
}

TEST_CASE("adoption needs the expected public key, its public half, and a signature that verifies") {
  Setup setup;
  const OwnedPkey other(EVP_EC_gen("P-256"));
  import_raw_key(RawToken("sealroom-test"), setup.software.get(), {.label = "key", .id = {5}});
  const auto wrong = setup.token->examine_for_adoption(uri("sealroom-test"), must(PublicKey::of(other.get())));
  REQUIRE_FALSE(wrong.has_value());
  CHECK(says(wrong.error(), "has another public key"));
  setup.shim.plan("C_Sign=corrupt");
  const auto corrupt = setup.token->examine_for_adoption(uri("sealroom-test"), setup.public_key);
  REQUIRE_FALSE(corrupt.has_value());
  CHECK(says(corrupt.error(), "trial signature"));
  setup.shim.plan("");
  import_raw_key(RawToken("sealroom-test"), other.get(), {.label = "half", .id = {6}}, Halves::PrivateOnly);
  const auto half = setup.token->examine_for_adoption(uri("sealroom-test", "half"), must(PublicKey::of(other.get())));
  REQUIRE_FALSE(half.has_value());
  CHECK(says(half.error(), "has no public half on the token"));
}
