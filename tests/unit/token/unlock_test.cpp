#include <catch2/catch.hpp>

#include "support/raw_token.hpp"
#include "support/shim.hpp"
#include "support/softhsm.hpp"
#include "support/unlocked.hpp"

using namespace sealroom;
using namespace sealroom::testing;

namespace {

struct Setup {
  explicit Setup(const std::vector<std::string>& labels = {"sealroom-test"}) : hsm(labels), shim(SoftHsm::module()) {
    module = must(Module::load(SEALROOM_SHIM));
  }
  SoftHsm hsm;
  Shim shim;
  std::shared_ptr<Module> module;
};

bool says(const Error& error, std::string_view part) { return error.message.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("a wrong PIN is one C_Login and an error that does not hold it; the right one works after it") {
  Setup setup;
  const auto wrong = unlock(setup.module, "sealroom-test", "577215");
  REQUIRE_FALSE(wrong.has_value());
  CHECK(wrong.error().kind == ErrorKind::Token);
  CHECK(says(wrong.error(), "wrong PIN (CKR_PIN_INCORRECT)"));
  CHECK(says(wrong.error(), "'sealroom-test' (serial "));
  CHECK_FALSE(says(wrong.error(), "577215"));
  CHECK(setup.shim.calls("C_Login") == 1);
  const auto right = unlock(setup.module, "sealroom-test");
  REQUIRE(right.has_value());
  CHECK(setup.shim.calls("C_Login") == 2);
  CHECK(right->alive());
  CHECK(right->info().label == "sealroom-test");
}

TEST_CASE("the log of calls has no PIN in it") {
  Setup setup;
  REQUIRE(unlock(setup.module, "sealroom-test").has_value());
  CHECK(setup.shim.log().find(SoftHsm::kPin) == std::string::npos);
}

TEST_CASE("the final try before the PIN locks needs consent, and without it C_Login is not reached") {
  Setup setup;
  setup.shim.plan("C_GetTokenInfo=final-try");
  const auto refused = unlock(setup.module, "sealroom-test");
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().kind == ErrorKind::NeedsPerson);
  CHECK(setup.shim.calls("C_Login") == 0);
  CHECK(unlock(setup.module, "sealroom-test", SoftHsm::kPin, FinalTry::Accept).has_value());
}

TEST_CASE("a locked PIN is an error before C_Login, whatever is consented to") {
  Setup setup;
  setup.shim.plan("C_GetTokenInfo=locked");
  const auto refused = unlock(setup.module, "sealroom-test", SoftHsm::kPin, FinalTry::Accept);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().kind == ErrorKind::Token);
  CHECK(says(refused.error(), "locked"));
  CHECK(setup.shim.calls("C_Login") == 0);
}

TEST_CASE("a low count of tries is shown and does not stop the right PIN") {
  Setup setup;
  setup.shim.plan("C_GetTokenInfo=count-low");
  CHECK(must(setup.module->find(uri("sealroom-test"))).pin_count_low);
  const auto wrong = unlock(setup.module, "sealroom-test", "000000");
  REQUIRE_FALSE(wrong.has_value());
  CHECK(says(wrong.error(), "the token counts wrong PINs"));
  CHECK(unlock(setup.module, "sealroom-test").has_value());
}

TEST_CASE("after a wrong PIN the error says how the token's flags stand now") {
  Setup setup;
  setup.shim.plan("C_GetTokenInfo:3+=locked");  // after the two of the search: one token, one empty slot
  const auto wrong = unlock(setup.module, "sealroom-test", "000000");
  REQUIRE_FALSE(wrong.has_value());
  CHECK(says(wrong.error(), "the PIN is now locked"));
}

TEST_CASE("an empty PIN is refused before C_Login") {
  Setup setup;
  CHECK_FALSE(Token::unlock(setup.module, uri("sealroom-test"), Secret(), FinalTry::Refuse).has_value());
  CHECK(setup.shim.calls("C_Login") == 0);
}

TEST_CASE("a token that is absent, ambiguous or uninitialised is not logged in to") {
  Setup setup({"twin", "twin"});
  CHECK_FALSE(unlock(setup.module, "nobody").has_value());
  CHECK_FALSE(unlock(setup.module, "twin").has_value());
  setup.shim.plan("C_GetTokenInfo=uninitialised");
  const auto blank = unlock(setup.module, "twin");
  REQUIRE_FALSE(blank.has_value());
  CHECK(says(blank.error(), "is not initialised"));
  CHECK(setup.shim.calls("C_OpenSession") == 0);
}

TEST_CASE("unlocking what is unlocked never reaches C_Login, with a wrong or the right PIN") {
  Setup setup;
  const auto first = must(unlock(setup.module, "sealroom-test"));
  for (const auto* pin : {"000000", SoftHsm::kPin}) {
    const auto second = unlock(setup.module, "sealroom-test", pin);
    REQUIRE_FALSE(second.has_value());
    CHECK(second.error().kind == ErrorKind::Token);
    CHECK(says(second.error(), "already unlocked"));
  }
  CHECK(setup.shim.calls("C_Login") == 1);
  CHECK(first.alive());
}

TEST_CASE("a login that others in the process made is not taken for ours") {
  Setup setup;
  const RawToken other("sealroom-test", SEALROOM_SHIM);
  const auto token = unlock(setup.module, "sealroom-test", "000000");
  REQUIRE_FALSE(token.has_value());
  CHECK(says(token.error(), "CKR_USER_ALREADY_LOGGED_IN"));
}

TEST_CASE("locking logs out, leaves no session behind, and unlocking works again and again") {
  Setup setup({"one", "two"});
  const auto other = must(unlock(setup.module, "two"));  // libp11 frees nothing while anybody is logged in
  for (int i = 0; i < 20; ++i) {
    auto token = must(unlock(setup.module, "one"));
    REQUIRE(token.generate({KeyType::EcP256, 256}, "key-" + std::to_string(i)).has_value());
  }
  CHECK(setup.shim.calls("C_Logout") == 20);
  // The security officer cannot log in while a read-only session is open, and those of libp11 are read-only.
  const RawToken raw("one", SEALROOM_SHIM);
  raw->C_Logout(raw.session());
  std::string so_pin = SoftHsm::kSoPin;
  CHECK(raw->C_Login(raw.session(), CKU_SO, reinterpret_cast<CK_UTF8CHAR_PTR>(so_pin.data()), so_pin.size()) == CKR_OK);
  CHECK(other.alive());
}

TEST_CASE("a login that the module reports as failed after doing it is undone") {
  Setup setup;
  setup.shim.plan("C_Login:1=after:CKR_DEVICE_ERROR");
  CHECK_FALSE(unlock(setup.module, "sealroom-test").has_value());
  setup.shim.plan("");
  CHECK_FALSE(unlock(setup.module, "sealroom-test", "000000").has_value());
  CHECK(unlock(setup.module, "sealroom-test").has_value());
}

TEST_CASE("a login that the module reports as done without doing it is not believed") {
  Setup setup;
  setup.shim.plan("C_Login=CKR_OK");
  const auto token = unlock(setup.module, "sealroom-test");
  REQUIRE_FALSE(token.has_value());
  CHECK(says(token.error(), "did not log in"));
}

TEST_CASE("a token that fails while it is opened is an error, and no login stays") {
  Setup setup;
  for (const auto* plan : {"C_OpenSession=CKR_DEVICE_ERROR", "C_OpenSession=CKR_SESSION_COUNT",
                           "C_Login=CKR_PIN_LOCKED", "C_GetSessionInfo=CKR_DEVICE_REMOVED"}) {
    setup.shim.plan(plan);
    const auto token = unlock(setup.module, "sealroom-test");
    REQUIRE_FALSE(token.has_value());
    CHECK(token.error().kind == ErrorKind::Token);
    CHECK(says(token.error(), std::string(plan).substr(std::string(plan).find('=') + 1)));
  }
  setup.shim.plan("");
  CHECK(unlock(setup.module, "sealroom-test").has_value());
}

TEST_CASE("a token that went away or logged us out is not alive, and gives no random octets") {
  Setup setup;
  auto token = must(unlock(setup.module, "sealroom-test"));
  const auto some = must(token.random(32));
  CHECK(some.size() == 32);
  CHECK(must(token.random(32)) != some);
  setup.shim.plan("C_GenerateRandom=CKR_RANDOM_NO_RNG");
  CHECK_FALSE(token.random(32).has_value());
  setup.shim.plan("C_GetSessionInfo=CKR_DEVICE_REMOVED");
  CHECK_FALSE(token.alive());
  CHECK_FALSE(token.random(32).has_value());
  setup.shim.plan("");
  CHECK(token.alive());
  {
    const RawToken raw("sealroom-test", SEALROOM_SHIM);
    raw->C_Logout(raw.session());
  }
  CHECK_FALSE(token.alive());
}

TEST_CASE("a token goes on working when every other handle on the module is dropped") {
  Setup setup;
  auto token = must(unlock(setup.module, "sealroom-test"));
  setup.module.reset();
  CHECK(token.alive());
  CHECK(must(token.random(8)).size() == 8);
}
