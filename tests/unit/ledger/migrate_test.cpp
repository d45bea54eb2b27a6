#include <filesystem>

#include "ledger_fixture.hpp"

using namespace sealroom;
using namespace sealroom::testing;

namespace {

// A ledger as version 1 wrote it: a key, an active issuer and a plan, whose rows do not say which entries speak of them.
struct FirstVersion : LedgerHome {
  FirstVersion() {
    {
      auto ledger = open();
      auto change = begin(ledger);
      append_told(change, "key.generated", {{"owner", "root"}}, {});
      append_told(change, "issuer.activated", {{"issuer", "root"}}, {});
      append_told(change, "plan.recorded", {{"issuer", "intermediate"}}, kBatch);
      REQUIRE(change.put_key({.owner = "root",
                              .uri = "pkcs11:token=t",
                              .token_label = "t",
                              .token_serial = "1",
                              .key_id = {1},
                              .public_key = {2},
                              .evidence = "{}",
                              .created = at("2026-11-21T10:00:00Z"),
                              .entry = 0}));
      REQUIRE(change.put_issuer({.name = "root", .state = "active", .request = {}, .chain = {{3}}, .entry = 0}));
      REQUIRE(change.add_batch(batch_row()));
      REQUIRE(change.add_plan(plan_row()));
      commit(std::move(change));
    }
    tamper(path,
           "ALTER TABLE token_key DROP COLUMN entry; ALTER TABLE issuer DROP COLUMN entry;"
           "ALTER TABLE plan DROP COLUMN entry; PRAGMA user_version = 1;");
  }

  static void append_told(Change& change, const char* name, Json details, std::string_view batch) {
    REQUIRE(change.append({.name = name, .outcome = "ok", .details = std::move(details)}, batch));
  }

  std::string kept = path + ".version-1";
};

}  // namespace

TEST_CASE("a ledger of version 1 is brought to the present one, and its rows learn their entries") {
  const FirstVersion home;
  CHECK(Ledger::examine(home.path));
  const auto ledger = home.open();
  CHECK((*ledger.key("root"))->entry == 0);
  CHECK((*ledger.issuer("root"))->entry == 1);
  CHECK((*ledger.issuer("root"))->chain == std::vector<Bytes>{{3}});
  CHECK((*ledger.plan(kBatch, "intermediate"))->entry == 2);
  CHECK(*ledger.verify() == 3);
}

TEST_CASE("a ledger of version 2 learns to tell the certificates of a key apart by subject") {
  const LedgerHome home;
  tamper(home.path,
         "DROP INDEX certificate_by_key; CREATE INDEX certificate_by_key ON certificate (key_digest, id);"
         "PRAGMA user_version = 2;");
  CHECK(*home.open().verify() == 0);
  CHECK(std::filesystem::exists(home.path + ".version-2"));
  tamper(home.path,
         "CREATE TEMP TABLE columns (list CHECK (list = 'key_digest subject id'));"
         "INSERT INTO columns SELECT group_concat(name, ' ') FROM pragma_index_info('certificate_by_key')");
}

TEST_CASE("before it changes, a copy of the ledger lies beside it, and nobody else may read that") {
  const FirstVersion home;
  home.open();
  CHECK((std::filesystem::status(home.kept).permissions() & std::filesystem::perms::all) ==
        (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));
  CHECK_FALSE(std::filesystem::exists(home.kept + ".partial"));
  tamper(home.kept, "SELECT 1 FROM entry");
  const auto reopened = home.open();  // and once is enough
  CHECK(*reopened.verify() == 3);
}

TEST_CASE("a ledger that cannot be copied first is not changed") {
  const FirstVersion home;
  std::filesystem::create_directories(home.kept + ".partial/full");
  check_error(Ledger::open(home.path, LedgerAccess::ReadWrite), ErrorKind::Integrity, "no copy before its schema");
  std::filesystem::remove_all(home.kept + ".partial");
  CHECK(*home.open().verify() == 3);
}

TEST_CASE("a copy that was interrupted is made again") {
  const FirstVersion home;
  home.directory.write("ledger.db.version-1.partial", "half of a copy");
  CHECK(*home.open().verify() == 3);
  CHECK(std::filesystem::file_size(home.kept) > 4096);
}

TEST_CASE("a migration that fails half-way leaves the version that was there") {
  const FirstVersion home;
  tamper(home.path, "ALTER TABLE plan ADD COLUMN entry INTEGER NOT NULL DEFAULT 0");  // the script's third step fails
  check_error(Ledger::open(home.path, LedgerAccess::ReadWrite), ErrorKind::Integrity, "its schema was not changed");
  tamper(home.path, "ALTER TABLE plan DROP COLUMN entry");
  CHECK((*home.open().plan(kBatch, "intermediate"))->entry == 2);
}
