#pragma once

#include <catch2/catch.hpp>
#include <sqlite3.h>

#include <memory>
#include <stdexcept>
#include <string>

#include "sealroom/crypto/crypto.hpp"
#include "sealroom/ledger/ledger.hpp"
#include "support/temporary_directory.hpp"

namespace sealroom::testing {

inline Instant at(std::string_view time) { return *from_rfc3339(time); }

inline log::Context context() {
  return {.time = at("2026-11-21T10:00:00Z"),
          .boot_id = "boot",
          .boot_ms = 1,
          .actor = {.uid = 0, .pid = 1, .role = "daemon"},
          .software = "test",
          .configuration = ""};
}

inline log::Event event(std::uint64_t number = 0) {
  return {.name = "test.event", .outcome = "ok", .details = {{"number", number}}};
}

// Runs SQL on a database as somebody with another program would.
inline void tamper(const std::string& path, const std::string& sql) {
  sqlite3* raw = nullptr;
  const int opened = sqlite3_open_v2(path.c_str(), &raw, SQLITE_OPEN_READWRITE, nullptr);
  const std::unique_ptr<sqlite3, int (*)(sqlite3*)> handle(raw, sqlite3_close);
  if (opened != SQLITE_OK || sqlite3_exec(raw, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
    throw std::runtime_error(std::string("tamper: ") + sqlite3_errmsg(raw));
  }
}

// A home with a ledger in it.
struct LedgerHome {
  LedgerHome() { REQUIRE(Ledger::create(path)); }

  Ledger open(LedgerAccess access = LedgerAccess::ReadWrite) const {
    auto ledger = Ledger::open(path, access);
    if (!ledger) FAIL(ledger.error().message);
    return std::move(*ledger);
  }

  TemporaryDirectory directory;
  std::string path = directory / "ledger.db";
};

inline Change begin(Ledger& ledger) {
  auto change = ledger.begin(context());
  if (!change) FAIL(change.error().message);
  return std::move(*change);
}

// Commits and gives the log's size.
inline std::uint64_t commit(Change change) {
  auto receipt = std::move(change).commit();
  if (!receipt) FAIL(receipt.error().message);
  return receipt->log_size();
}

inline void append(Ledger& ledger, std::uint64_t count) {
  auto change = begin(ledger);
  const auto size = *ledger.log_size();
  for (std::uint64_t i = 0; i < count; ++i) REQUIRE(*change.append(event(size + i)) == size + i);
  REQUIRE(commit(std::move(change)) == size + count);
}

inline constexpr const char* kBatch = "B-20261121-0001";

inline BatchRow batch_row(std::string id = kBatch) {
  return {.id = std::move(id), .created = at("2026-11-21T10:00:00Z"), .requests = 3, .accepted = 2, .ignored = "[]"};
}

inline RequestRow request_row(std::uint64_t position, std::string batch = kBatch) {
  return {.batch = std::move(batch),
          .position = position,
          .path = "intermediate/server_cert/" + std::to_string(position) + ".csr",
          .name = std::to_string(position),
          .issuer = "intermediate",
          .profile = "server_cert",
          .octets = {1, 2, 3},
          .digest = sha256(as_bytes("request " + std::to_string(position))),
          .verdict = "{}"};
}

inline PlanRow plan_row(std::string issuer = "intermediate", std::string document = "{}") {
  return {.batch = kBatch,
          .issuer = std::move(issuer),
          .document = document,
          .digest = sha256(as_bytes(document)),
          .created = at("2026-11-21T10:00:00Z"),
          .valid_until = at("2026-11-24T10:00:00Z"),
          .entry = 0};
}

// A planned certificate whose serial is `serial`.
inline CertificateRow certificate_row(std::uint64_t position, std::uint8_t serial) {
  return {.id = 0,
          .batch = kBatch,
          .issuer = "intermediate",
          .profile = "server_cert",
          .request = position,
          .position = position,
          .name = std::to_string(position),
          .request_digest = sha256(as_bytes("request " + std::to_string(position))),
          .key_digest = sha256(as_bytes("key " + std::to_string(position))),
          .serial = {0x10, serial},
          .subject = {0x30, 0x00},
          .not_before = at("2026-11-21T10:00:00Z"),
          .not_after = at("2027-11-21T10:00:00Z"),
          .to_be_signed = {9, 9, 9},
          .state = CertificateState::Planned,
          .reason = "",
          .certificate = {},
          .entry = 0};
}

// A batch of three requests, of which 0 and 1 are planned with serials 1000 and 1001; gives the certificates' ids.
inline std::vector<std::int64_t> plan_batch(Ledger& ledger) {
  auto change = begin(ledger);
  REQUIRE(change.add_batch(batch_row()));
  for (std::uint64_t i = 0; i < 3; ++i) REQUIRE(change.add_request(request_row(i)));
  std::vector<std::int64_t> ids;
  for (std::uint8_t i = 0; i < 2; ++i) ids.push_back(*change.add_certificate(certificate_row(i, i)));
  REQUIRE(change.add_plan(plan_row()));
  commit(std::move(change));
  return ids;
}

template <class T>
void check_error(const Result<T>& result, ErrorKind kind, const std::string& part) {
  REQUIRE_FALSE(result);
  CAPTURE(result.error().message);
  CHECK(result.error().kind == kind);
  CHECK_THAT(result.error().message, Catch::Contains(part));
}

}  // namespace sealroom::testing
