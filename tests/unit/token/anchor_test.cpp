#include <catch2/catch.hpp>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/raw_token.hpp"
#include "support/shim.hpp"
#include "support/softhsm.hpp"
#include "support/unlocked.hpp"

using namespace sealroom;
using namespace sealroom::testing;

namespace {

constexpr auto kLabel = "sealroom log anchor";

Anchor anchor(std::uint64_t size, std::uint8_t fill = 0xab, const std::string& origin = "log.example") {
  Anchor made{origin, size, {}};
  made.root.fill(fill);
  return made;
}

std::string text(const std::string& size, const std::string& origin = "log.example", const std::string& hex = "ab") {
  std::string root;
  for (int i = 0; i < 32; ++i) root += hex;
  return R"({"origin":")" + origin + R"(","root":")" + root + R"(","size":)" + size + R"(,"type":"sealroom-anchor/1"})";
}

bool says(const Error& error, std::string_view part) { return error.message.find(part) != std::string::npos; }

struct Setup {
  SoftHsm hsm;
  Shim shim{SoftHsm::module()};
  std::shared_ptr<Module> module = must(Module::load(SEALROOM_SHIM));
  Token token = must(unlock(module, "sealroom-test"));

  std::size_t objects() const { return RawToken("sealroom-test").count(CKO_DATA); }
  void put_raw(const std::string& value, const std::string& label = kLabel,
               const std::string& application = "sealroom") {
    make_raw_data(RawToken("sealroom-test"), application, label, value);
  }
};

// Puts `wanted` on the token in a child that `plan` ends; whether it was killed.
bool is_killed_while_putting(const Shim& shim, std::string_view plan, const Anchor& wanted) {
  shim.plan(plan);
  const pid_t child = fork();
  if (child == 0) {
    const auto token = unlock(must(Module::load(SEALROOM_SHIM)), "sealroom-test");
    _exit(token && token->put_anchor(wanted) ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  shim.plan("");
  return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

}  // namespace

TEST_CASE("a token without an anchor has none, and one that was put there comes back, alone, after a new login") {
  Setup setup;
  CHECK(must(setup.token.anchor()) == std::nullopt);
  for (const auto& wanted : {anchor(0), anchor(7), anchor((1ULL << 53) - 1, 0), anchor(8, 0xff)}) {
    REQUIRE(setup.token.put_anchor(wanted).has_value());
    CHECK(must(setup.token.anchor()) == wanted);
    CHECK(setup.objects() == 1);
  }
  {
    const Token closed = std::move(setup.token);
  }
  const auto again = must(unlock(setup.module, "sealroom-test"));
  CHECK(must(again.anchor()) == anchor(8, 0xff));
}

TEST_CASE("an anchor that is there already costs the token no write") {
  Setup setup;
  REQUIRE(setup.token.put_anchor(anchor(7)).has_value());
  REQUIRE(setup.token.put_anchor(anchor(7)).has_value());
  CHECK(setup.shim.calls("C_CreateObject") == 1);
  CHECK(setup.shim.calls("C_DestroyObject") == 0);
  REQUIRE(setup.token.put_anchor(anchor(7, 0xcd)).has_value());
  CHECK(setup.shim.calls("C_CreateObject") == 2);
  CHECK(setup.shim.calls("C_DestroyObject") == 1);
}

TEST_CASE("of several anchors of one log the largest counts, and putting one removes all others") {
  Setup setup;
  for (const auto* size : {"5", "9", "7"}) setup.put_raw(text(size));
  CHECK(must(setup.token.anchor()) == anchor(9));
  setup.put_raw(text("9"));
  CHECK(must(setup.token.anchor()) == anchor(9));
  REQUIRE(setup.token.put_anchor(anchor(9)).has_value());
  CHECK(setup.objects() == 1);
  CHECK(must(setup.token.anchor()) == anchor(9));
}

TEST_CASE("what is not exactly an anchor is passed over") {
  Setup setup;
  REQUIRE(setup.token.put_anchor(anchor(3)).has_value());
  const auto whole = text("9");
  for (const std::string& value : std::vector<std::string>{
           std::string(), whole.substr(0, 1), whole.substr(0, whole.size() / 2), whole.substr(0, whole.size() - 1),
           whole + " ", whole + "\n", text("09"), text("-9"), text("9.0"), text("\"9\""), text("9007199254740992"),
           text("9", "log.example", "AB"), text("9", "log\\u00e9"), R"({"type":"sealroom-anchor/1"})",
           R"([)" + whole + R"(])", R"({"note":1,)" + whole.substr(1), text("9").replace(whole.size() - 3, 1, "2")}) {
    INFO(value);
    setup.put_raw(value);
    CHECK(must(setup.token.anchor()) == anchor(3));
  }
  setup.put_raw(whole, "somebody else's");
  setup.put_raw(whole, kLabel, "another program");
  CHECK(must(setup.token.anchor()) == anchor(3));
  setup.put_raw(whole);
  CHECK(must(setup.token.anchor()) == anchor(9));
  // Foreign objects stay; everything that passes for an anchor of ours, whole or not, goes.
  REQUIRE(setup.token.put_anchor(anchor(10)).has_value());
  CHECK(setup.objects() == 3);
}

TEST_CASE("two histories of one log, and two logs on one token, are integrity errors that say so") {
  {
    Setup setup;
    setup.put_raw(text("9"));
    setup.put_raw(text("9", "log.example", "cd"));
    const auto found = setup.token.anchor();
    REQUIRE_FALSE(found.has_value());
    CHECK(found.error().kind == ErrorKind::Integrity);
    CHECK(says(found.error(), "two histories of log 'log.example'"));
    CHECK(says(found.error(), "abababababababab"));
    CHECK(says(found.error(), "cdcdcdcdcdcdcdcd"));
  }
  {
    Setup setup;
    setup.put_raw(text("9", "log.example"));
    setup.put_raw(text("4", "log.other"));
    const auto found = setup.token.anchor();
    REQUIRE_FALSE(found.has_value());
    CHECK(found.error().kind == ErrorKind::Integrity);
    CHECK(says(found.error(), "'log.example'"));
    CHECK(says(found.error(), "'log.other'"));
    REQUIRE(setup.token.put_anchor(anchor(9)).has_value());
    CHECK(must(setup.token.anchor()) == anchor(9));
  }
}

TEST_CASE("a full or write-protected token is named, and the older anchor stands") {
  Setup setup;
  REQUIRE(setup.token.put_anchor(anchor(3)).has_value());
  for (const auto& [answer, words, hint] :
       std::vector<std::array<std::string, 3>>{{"CKR_DEVICE_MEMORY", "out of memory", "make room"},
                                               {"CKR_TOKEN_WRITE_PROTECTED", "write-protected", "write-protected"},
                                               {"CKR_SESSION_READ_ONLY", "read-only", "unlock it again"},
                                               {"CKR_DEVICE_REMOVED", "removed", "unlock it again"}}) {
    setup.shim.plan("C_CreateObject=" + answer);
    const auto put = setup.token.put_anchor(anchor(4));
    REQUIRE_FALSE(put.has_value());
    CHECK(put.error().kind == ErrorKind::Token);
    CHECK(says(put.error(), "'sealroom-test' (serial "));
    CHECK(says(put.error(), "the log's anchor cannot be written"));
    CHECK(says(put.error(), words));
    CHECK(put.error().hint.find(hint) != std::string::npos);
    setup.shim.plan("");
    CHECK(must(setup.token.anchor()) == anchor(3));
    CHECK(setup.objects() == 1);
  }
}

TEST_CASE("an anchor that cannot be read back costs the older one nothing") {
  Setup setup;
  REQUIRE(setup.token.put_anchor(anchor(3)).has_value());
  // The first value that is read is that of the older one: two calls.
  setup.shim.plan("C_GetAttributeValue:3=CKR_DEVICE_ERROR");
  const auto put = setup.token.put_anchor(anchor(4));
  REQUIRE_FALSE(put.has_value());
  CHECK(says(put.error(), "cannot be read back"));
  setup.shim.plan("");
  CHECK(must(setup.token.anchor()) == anchor(3));
  CHECK(setup.objects() == 1);
}

TEST_CASE("an older anchor that cannot be destroyed is said, and the new one counts") {
  Setup setup;
  REQUIRE(setup.token.put_anchor(anchor(3)).has_value());
  setup.shim.plan("C_DestroyObject=CKR_ACTION_PROHIBITED");
  const auto put = setup.token.put_anchor(anchor(4));
  REQUIRE_FALSE(put.has_value());
  CHECK(says(put.error(), "an older anchor of the log cannot be destroyed"));
  setup.shim.plan("");
  CHECK(must(setup.token.anchor()) == anchor(4));
  REQUIRE(setup.token.put_anchor(anchor(5)).has_value());
  CHECK(setup.objects() == 1);
}

TEST_CASE("a kill around every write leaves a complete anchor, and the next one mends the rest") {
  const SoftHsm hsm;
  const Shim shim(SoftHsm::module());
  must(must(unlock(must(Module::load(SEALROOM_SHIM)), "sealroom-test")).put_anchor(anchor(1)));
  std::uint64_t size = 1;
  for (const auto* plan : {"C_CreateObject=kill-before", "C_CreateObject=kill-after", "C_DestroyObject:1=kill-before",
                           "C_DestroyObject:1=kill-after", "C_DestroyObject:2=kill-before"}) {
    INFO(plan);
    // Two objects to begin with, so that there are two to destroy.
    make_raw_data(RawToken("sealroom-test", SEALROOM_SHIM), "sealroom", kLabel, "cut sho");
    CHECK(is_killed_while_putting(shim, plan, anchor(size + 1)));
    const auto token = must(unlock(must(Module::load(SEALROOM_SHIM)), "sealroom-test"));
    const auto found = must(token.anchor());
    REQUIRE(found.has_value());
    CHECK((*found == anchor(size) || *found == anchor(size + 1)));
    size += 2;
    REQUIRE(token.put_anchor(anchor(size)).has_value());
    CHECK(RawToken("sealroom-test", SEALROOM_SHIM).count(CKO_DATA) == 1);
  }
}

TEST_CASE("a locked token neither shows nor takes an anchor") {
  Setup setup;
  REQUIRE(setup.token.put_anchor(anchor(3)).has_value());
  const RawToken raw("sealroom-test");
  REQUIRE(raw->C_Logout(raw.session()) == CKR_OK);
  CHECK_FALSE(setup.token.anchor().has_value());
  CHECK_FALSE(setup.token.put_anchor(anchor(4)).has_value());
  CHECK(setup.shim.calls("C_CreateObject") == 1);
}
