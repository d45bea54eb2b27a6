#include <catch2/catch.hpp>

#include <dlfcn.h>

#include "support/shim.hpp"
#include "support/softhsm.hpp"
#include "support/unlocked.hpp"

using namespace sealroom;
using namespace sealroom::testing;

namespace {

Error load_error(const std::string& path) {
  const auto module = Module::load(path);
  REQUIRE_FALSE(module.has_value());
  return module.error();
}

bool says(const Error& error, std::string_view part) { return error.message.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("a module that is missing, not a library or not a PKCS#11 module is an error that names it") {
  const TemporaryDirectory directory;
  CHECK(says(load_error(directory / "none.so"), "there is no PKCS#11 module"));
  CHECK(says(load_error(directory.path()), "there is no PKCS#11 module"));
  CHECK(says(load_error(directory.write("text.so", "not a library")), "cannot be loaded"));
  Dl_info libc{};
  REQUIRE(dladdr(reinterpret_cast<void*>(&::strtoul), &libc) != 0);
  CHECK(says(load_error(std::filesystem::canonical(libc.dli_fname)), "C_GetFunctionList"));
  const auto relative = load_error("libsofthsm2.so");
  CHECK(says(relative, "not absolute"));
  CHECK(relative.kind == ErrorKind::Usage);
  CHECK(load_error(directory / "none.so").kind == ErrorKind::Token);
}

TEST_CASE("a module that refuses to start is an error, and loads when it has recovered") {
  const SoftHsm hsm;
  const Shim shim(hsm.module());
  shim.plan("C_Initialize=CKR_GENERAL_ERROR");
  CHECK(says(load_error(SEALROOM_SHIM), "CKR_GENERAL_ERROR"));
  shim.plan("C_GetInfo:1=CKR_DEVICE_ERROR");
  CHECK(says(load_error(SEALROOM_SHIM), "CKR_DEVICE_ERROR"));
  shim.plan("C_GetInfo:2=CKR_DEVICE_ERROR");
  CHECK(says(load_error(SEALROOM_SHIM), "CKR_DEVICE_ERROR"));
  shim.plan("C_GetFunctionList=CKR_HOST_MEMORY");
  CHECK(says(load_error(SEALROOM_SHIM), "CKR_HOST_MEMORY"));
  shim.plan("");
  CHECK(Module::load(SEALROOM_SHIM).has_value());
}

TEST_CASE("a module says who made it and lists its initialised tokens only") {
  const SoftHsm hsm({"one", "two"});
  const auto module = must(Module::load(hsm.module()));
  CHECK(module->path() == hsm.module());
  CHECK(module->description().starts_with("SoftHSM, "));
  const auto tokens = must(module->tokens());  // SoftHSM always shows an uninitialised slot too
  REQUIRE(tokens.size() == 2);
  for (const auto& token : tokens) {
    CHECK((token.label == "one" || token.label == "two"));
    CHECK(token.serial.size() == 16);
    CHECK(token.model == "SoftHSM v2");
    CHECK(token.manufacturer == "SoftHSM project");
    CHECK(token.initialised);
    CHECK_FALSE(token.pin_locked);
  }
}

TEST_CASE("a token is found by label, by serial, and by both together") {
  const SoftHsm hsm({"one", "two"});
  const auto module = must(Module::load(hsm.module()));
  const auto one = must(module->find(uri("one")));
  CHECK(one.label == "one");
  const auto by_serial = must(TokenUri::parse("pkcs11:serial=" + one.serial + ";object=k", "test"));
  CHECK(must(module->find(by_serial)).label == "one");
  const auto contradiction = must(TokenUri::parse("pkcs11:token=two;serial=" + one.serial + ";object=k", "test"));
  CHECK_FALSE(module->find(contradiction).has_value());
  const auto model = must(TokenUri::parse("pkcs11:token=one;model=Other;object=k", "test"));
  CHECK_FALSE(module->find(model).has_value());
  const auto missing = module->find(uri("three"));
  REQUIRE_FALSE(missing.has_value());
  CHECK(missing.error().kind == ErrorKind::Token);
  CHECK(says(missing.error(), "token 'three': is not present"));
}

TEST_CASE("two tokens with one label are ambiguous until the serial decides") {
  const SoftHsm hsm({"twin", "twin"});
  const auto module = must(Module::load(hsm.module()));
  const auto tokens = must(module->tokens());
  REQUIRE(tokens.size() == 2);
  const auto found = module->find(uri("twin"));
  REQUIRE_FALSE(found.has_value());
  CHECK(found.error().kind == ErrorKind::Token);
  CHECK(says(found.error(), tokens[0].serial));
  CHECK(says(found.error(), tokens[1].serial));
  const auto exact = must(TokenUri::parse("pkcs11:token=twin;serial=" + tokens[1].serial + ";object=k", "test"));
  CHECK(must(module->find(exact)).serial == tokens[1].serial);
}

TEST_CASE("a slot that cannot be described is an error, not a shorter list") {
  const SoftHsm hsm({"one", "two"});
  const Shim shim(hsm.module());
  const auto module = must(Module::load(SEALROOM_SHIM));
  shim.plan("C_GetTokenInfo:1=CKR_DEVICE_ERROR");
  CHECK_FALSE(module->tokens().has_value());
  shim.plan("C_GetSlotList=CKR_GENERAL_ERROR");
  CHECK_FALSE(module->tokens().has_value());
  shim.plan("C_GetTokenInfo=CKR_TOKEN_NOT_PRESENT");
  CHECK(must(module->tokens()).empty());
}

TEST_CASE("what a token can do is asked without a session, and what it cannot do is not claimed") {
  const SoftHsm hsm({"one"});
  const Shim shim(hsm.module());
  const auto module = must(Module::load(SEALROOM_SHIM));
  shim.plan("C_OpenSession=CKR_DEVICE_ERROR");
  const auto able = must(module->abilities(uri("one")));
  CHECK(able.rsa_least <= 2048);
  CHECK(able.rsa_most >= 4096);
  CHECK(able.ec);
  shim.plan("C_GetMechanismInfo=CKR_MECHANISM_INVALID");
  const auto unable = must(module->abilities(uri("one")));
  CHECK(unable.rsa_most == 0);
  CHECK_FALSE(unable.ec);
  shim.plan("C_GetMechanismInfo:2=CKR_MECHANISM_INVALID");  // makes RSA pairs, and does not sign with them
  CHECK(must(module->abilities(uri("one"))).rsa_most == 0);
  shim.plan("C_GetMechanismInfo=CKR_DEVICE_ERROR");
  CHECK_FALSE(module->abilities(uri("one")).has_value());
  shim.plan("");
  CHECK_FALSE(module->abilities(uri("nobody")).has_value());
}

TEST_CASE("a token is initialised in the free slot, and its PIN works at once") {
  const SoftHsm hsm({"old"});
  const auto module = must(Module::load(hsm.module()));
  auto old = must(unlock(module, "old"));
  REQUIRE(module->initialise_token("new one", secret(SoftHsm::kSoPin), secret("123456")).has_value());
  CHECK(old.alive());
  CHECK(must(module->tokens()).size() == 2);
  CHECK_FALSE(unlock(module, "new%20one", "654321").has_value());
  CHECK(unlock(module, "new%20one", "123456").has_value());
  REQUIRE(module->initialise_token("third", secret(SoftHsm::kSoPin), secret("123456")).has_value());
  CHECK(must(module->tokens()).size() == 3);
}

TEST_CASE("a token label that is taken, empty or too long is refused and nothing is initialised") {
  const SoftHsm hsm({"old"});
  const Shim shim(hsm.module());
  const auto module = must(Module::load(SEALROOM_SHIM));
  for (const auto& label : {std::string("old"), std::string(), std::string(33, 'x')}) {
    CHECK_FALSE(module->initialise_token(label, secret(SoftHsm::kSoPin), secret("123456")).has_value());
  }
  CHECK(shim.calls("C_InitToken") == 0);
  CHECK(module->initialise_token(std::string(32, 'x'), secret(SoftHsm::kSoPin), secret("123456")).has_value());
}

TEST_CASE("a module that refuses a step of initialising is an error, and the PIN is not in it") {
  const SoftHsm hsm({"old"});
  const Shim shim(hsm.module());
  const auto module = must(Module::load(SEALROOM_SHIM));
  for (const auto* plan : {"C_InitToken=CKR_DEVICE_ERROR", "C_InitPIN=CKR_PIN_LEN_RANGE", "C_Login=CKR_DEVICE_ERROR"}) {
    shim.plan(plan);
    const auto label = std::string("t-") + plan[2] + plan[6];
    const auto made = module->initialise_token(label, secret("31415926"), secret("1234"));
    REQUIRE_FALSE(made.has_value());
    CHECK(made.error().kind == ErrorKind::Token);
    CHECK(made.error().message.find("31415926") == std::string::npos);
  }
}

TEST_CASE("a module can be unloaded and loaded again in one process") {
  const SoftHsm hsm;
  for (int i = 0; i < 3; ++i) {
    const auto module = must(Module::load(hsm.module()));
    CHECK(unlock(module, "sealroom-test").has_value());
  }
}
