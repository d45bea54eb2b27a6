#include <openssl/evp.h>

#include "ledger_fixture.hpp"
#include "sealroom/crypto/public_key.hpp"
#include "sealroom/log/checkpoint.hpp"

using namespace sealroom;
using namespace sealroom::testing;

namespace {

constexpr std::uint64_t kSize = 21;

// A closed ledger of 21 entries with a checkpoint at 16; its octets are made once.
struct HomeWithLog {
  HomeWithLog() {
    static const std::string image = [] {
      const LedgerHome home;
      {
        auto ledger = home.open();
        append(ledger, kSize);
        auto change = begin(ledger);
        REQUIRE(change.add_checkpoint({.size = 16, .root = *ledger.root(16), .note = "note"}));
        commit(std::move(change));
      }
      return home.directory.read("ledger.db");  // closing put the write-ahead log into it
    }();
    directory.write("ledger.db", image);
  }

  Ledger open(LedgerAccess access = LedgerAccess::ReadWrite) const {
    auto ledger = Ledger::open(path, access);
    if (!ledger) FAIL(ledger.error().message);
    return std::move(*ledger);
  }

  TemporaryDirectory directory;
  std::string path = directory / "ledger.db";
};

void check_found(const std::string& sql, const std::string& part) {
  CAPTURE(sql);
  const HomeWithLog home;
  tamper(home.path, sql);
  check_error(home.open().verify(), ErrorKind::Integrity, part);
  check_error(home.open(LedgerAccess::ReadOnly).verify(), ErrorKind::Integrity, part);
}

}  // namespace

TEST_CASE("an untouched ledger verifies and says its size") {
  const HomeWithLog home;
  CHECK(*home.open().verify() == kSize);
  CHECK(*home.open(LedgerAccess::ReadOnly).verify() == kSize);
}

TEST_CASE("a verification that is to stop says nothing about the ledger") {
  const HomeWithLog home;
  auto ledger = home.open(LedgerAccess::ReadOnly);
  bool stop = true;
  ledger.stop_when([&] { return stop; });
  check_error(ledger.verify(), ErrorKind::Failed, "interrupted");
  stop = false;
  CHECK(*ledger.verify() == kSize);
}

TEST_CASE("a changed octet names its entry, whichever it is") {
  for (std::uint64_t seq = 0; seq < kSize; ++seq) {
    check_found("UPDATE entry SET line = CAST(replace(CAST(line AS TEXT), '\"number\":" + std::to_string(seq) +
                    "}', '\"number\":99}') AS BLOB) WHERE seq = " + std::to_string(seq),
                "log entry " + std::to_string(seq) + ":");
  }
}

TEST_CASE("an entry that no longer reads names itself") {
  check_found("UPDATE entry SET line = x'7b7d' WHERE seq = 5", "log entry 5:");
  check_found("UPDATE entry SET line = x'' WHERE seq = 5", "log entry 5:");
  check_found("UPDATE entry SET line = CAST(CAST(line AS TEXT) || ' ' AS BLOB) WHERE seq = 5", "log entry 5:");
}

TEST_CASE("a removed, swapped or repeated entry is found") {
  check_found("DELETE FROM entry WHERE seq = 5", "log entry 5: is missing");
  check_found("DELETE FROM entry WHERE seq = 0", "log entry 0: is missing");
  check_found("UPDATE entry SET line = (SELECT line FROM entry WHERE seq = 6) WHERE seq = 5", "log entry 5:");
  check_found("INSERT INTO entry (seq, batch, line) SELECT 21, NULL, line FROM entry WHERE seq = 20", "log entry 21:");
}

TEST_CASE("a changed or removed hash of the tree names the entry that completed it") {
  check_found("UPDATE node SET hash = zeroblob(32) WHERE level = 0 AND idx = 3", "log entry 3:");
  check_found("UPDATE node SET hash = zeroblob(32) WHERE level = 2 AND idx = 1", "log entry 7:");
  check_found("DELETE FROM node WHERE level = 4", "log entry 15:");
  check_found("INSERT INTO node (level, idx, hash) VALUES (0, 21, zeroblob(32))", "log entry 21: is missing");
}

TEST_CASE("a log cut behind its last checkpoint is a shorter log, one cut before it is found") {
  const auto cut = [](std::uint64_t size) {
    const auto n = std::to_string(size);
    return "DELETE FROM entry WHERE seq >= " + n + "; DELETE FROM node WHERE ((idx + 1) << level) > " + n;
  };
  check_found(cut(15), "log entry 15: is missing: a checkpoint says that the log has 16 entries");
  check_found(cut(0), "log entry 0: is missing");
  const HomeWithLog home;
  tamper(home.path, cut(16));
  CHECK(*home.open().verify() == 16);
}

TEST_CASE("a log cut without its tree is found wherever it is cut") {
  check_found("DELETE FROM entry WHERE seq >= 20", "log entry 20: is missing");
}

TEST_CASE("a rewritten history does not match the checkpoint") {
  const HomeWithLog home;
  const LedgerHome other;
  {
    auto ledger = other.open();
    auto change = begin(ledger);
    for (std::uint64_t i = 0; i < kSize; ++i) REQUIRE(change.append(event(i == 3 ? 333 : i)));
    commit(std::move(change));
  }
  CHECK(*other.open().verify() == kSize);
  tamper(home.path, "ATTACH '" + other.path +
                        "' AS other; DELETE FROM entry; DELETE FROM node;"
                        "INSERT INTO entry SELECT * FROM other.entry; INSERT INTO node SELECT * FROM other.node");
  check_error(home.open().verify(), ErrorKind::Integrity, "checkpoint of size 16");
}

TEST_CASE("a changed checkpoint is found") {
  check_found("UPDATE checkpoint SET root = zeroblob(32)", "checkpoint of size 16");
  check_found("UPDATE checkpoint SET size = 17", "checkpoint of size 17");
  check_found("UPDATE checkpoint SET size = 22", "a checkpoint says that the log has 22 entries");
}

TEST_CASE("values of a wrong shape are found") {
  check_found("PRAGMA ignore_check_constraints = ON; UPDATE node SET hash = x'00' WHERE level = 0 AND idx = 4",
              "log entry 4:");
  check_found("PRAGMA ignore_check_constraints = ON; UPDATE checkpoint SET root = x'00'", "wrong shape");
}

TEST_CASE("a certificate of an unknown state is an integrity error and no guess") {
  const LedgerHome home;
  {
    auto ledger = home.open();
    plan_batch(ledger);
  }
  tamper(home.path, "PRAGMA ignore_check_constraints = ON; UPDATE certificate SET state = 'odd'");
  const auto ledger = home.open();
  check_error(ledger.by_serial("", Bytes{0x10, 0}), ErrorKind::Integrity, "wrong shape");
  check_error(ledger.certificates(kBatch, "intermediate"), ErrorKind::Integrity, "wrong shape");
  check_error(ledger.verify(), ErrorKind::Integrity, "the database is damaged");
}

TEST_CASE("signed notes are verified once the log's key is known") {
  const LedgerHome home;
  const OwnedPkey pair(EVP_EC_gen("P-256"));
  const auto key = *PublicKey::of(pair.get());
  auto ledger = home.open();
  append(ledger, 4);
  const log::Checkpoint checkpoint{.origin = "example.com/log", .size = 4, .root = *ledger.root(4)};
  const auto text = log::note_text(checkpoint);
  Bytes signature(128);
  auto size = signature.size();
  const OwnedDigestContext digest(EVP_MD_CTX_new());
  REQUIRE(EVP_DigestSignInit(digest.get(), nullptr, EVP_sha256(), nullptr, pair.get()) == 1);
  REQUIRE(EVP_DigestSign(digest.get(), signature.data(), &size, as_bytes(text).data(), text.size()) == 1);
  signature.resize(size);
  {
    auto change = begin(ledger);
    REQUIRE(change.put_key({.owner = "log",
                            .uri = "pkcs11:",
                            .token_label = "t",
                            .token_serial = "1",
                            .key_id = {1},
                            .public_key = key.der(),
                            .evidence = "{}",
                            .created = {}}));
    REQUIRE(change.add_checkpoint(
        {.size = 4, .root = checkpoint.root, .note = log::signed_note(checkpoint, key, signature)}));
    commit(std::move(change));
  }
  CHECK(*ledger.verify() == 4);
  SECTION("a note that was not signed so") {
    tamper(home.path,
           "UPDATE checkpoint SET note = replace(note, char(10) || '4' || char(10), char(10) || '3' || "
           "char(10))");
    check_error(ledger.verify(), ErrorKind::Integrity, "checkpoint of size 4: checkpoint: the signature");
  }
  SECTION("the note of another checkpoint") {
    append(ledger, 1);
    auto change = begin(ledger);
    REQUIRE(change.add_checkpoint(
        {.size = 5, .root = *ledger.root(5), .note = log::signed_note(checkpoint, key, signature)}));
    commit(std::move(change));
    check_error(ledger.verify(), ErrorKind::Integrity, "checkpoint of size 5: its signed note is of another size");
  }
}

TEST_CASE("a look at the start finds what is wrong since the newest checkpoint, and the tree below it") {
  const HomeWithLog untouched;
  CHECK(Ledger::examine(untouched.path));
  for (const char* sql :
       {"UPDATE entry SET line = x'7b7d' WHERE seq = 18", "DELETE FROM entry WHERE seq = 17",
        "DELETE FROM entry WHERE seq >= 20", "UPDATE entry SET line = x'7b7d' WHERE seq = 15",
        "UPDATE node SET hash = zeroblob(32) WHERE level = 0 AND idx = 19",
        "UPDATE node SET hash = zeroblob(32) WHERE level = 4 AND idx = 0", "UPDATE checkpoint SET root = zeroblob(32)",
        "DELETE FROM entry WHERE seq >= 15; DELETE FROM node WHERE ((idx + 1) << level) > 15"}) {
    CAPTURE(sql);
    const HomeWithLog home;
    tamper(home.path, sql);
    const auto before = home.directory.read("ledger.db");
    check_error(Ledger::examine(home.path), ErrorKind::Integrity, "");
    CHECK(home.directory.read("ledger.db") == before);
  }
}

TEST_CASE("what lies before the newest checkpoint is left to a whole verification") {
  const HomeWithLog home;
  tamper(home.path, "UPDATE entry SET line = x'7b7d' WHERE seq = 3");
  CHECK(Ledger::examine(home.path));
  CHECK_FALSE(home.open().verify());
}

TEST_CASE("a ledger in trouble is read as far as it can be, and takes nothing") {
  const HomeWithLog home;
  tamper(home.path, "UPDATE entry SET line = x'7b7d' WHERE seq = 18");
  const auto trouble = Ledger::examine(home.path);
  REQUIRE_FALSE(trouble);
  auto ledger = Ledger::open_in_trouble(home.path, trouble.error());
  REQUIRE(ledger);
  CHECK(*ledger->log_size() == kSize);
  CHECK(ledger->line(3));
  check_error(ledger->begin(context()), ErrorKind::Integrity, "log entry 18");
  const auto text = home.directory.write("text", std::string(5000, 'x'));
  const auto no_database = Ledger::examine(text);
  check_error(no_database, ErrorKind::Integrity, "is not a");
  const auto unreadable = Ledger::open_in_trouble(text, no_database.error());
  REQUIRE(unreadable);
  CHECK_FALSE(unreadable->log_size());
  check_error(Ledger::open_in_trouble(home.directory / "none", trouble.error()), ErrorKind::Integrity, "missing");
}
