#include <algorithm>

#include <fmt/format.h>

#include "batch_id.hpp"
#include "database.hpp"

namespace sealroom {
namespace {

// More batches than anybody imports on one day.
constexpr std::uint64_t kLostOnOneDay = 5000;

// Requests that are read before they are handed on; each may hold 64 KiB.
constexpr std::uint64_t kAtOnce = 32;

KeyRow key_row(const sqlite::Rows& row) {
  return {.owner = row.text(0),
          .uri = row.text(1),
          .token_label = row.text(2),
          .token_serial = row.text(3),
          .key_id = row.octets(4),
          .public_key = row.octets(5),
          .evidence = row.text(6),
          .created = row.instant(7),
          .entry = row.count(8)};
}

std::string select_keys(std::string_view which) {
  return fmt::format(
      "SELECT owner, uri, token_label, token_serial, key_id, public_key, evidence, created, entry FROM token_key {}",
      which);
}

IssuerRow issuer_row(const sqlite::Rows& row) {
  return {.name = row.text(0), .state = row.text(1), .request = row.octets(2), .chain = {}, .entry = row.count(3)};
}

BatchRow batch_row(const sqlite::Rows& row) {
  return {.id = row.text(0),
          .created = row.instant(1),
          .requests = row.count(2),
          .accepted = row.count(3),
          .ignored = row.text(4)};
}

RequestRow request_row(const sqlite::Rows& row) {
  return {.batch = row.text(0),
          .position = row.count(1),
          .path = std::string(as_text(row.octets(2))),
          .name = row.text(3),
          .issuer = row.text(4),
          .profile = row.text(5),
          .octets = row.octets(6),
          .digest = row.digest(7),
          .verdict = row.text(8)};
}

std::string select_requests(std::string_view which) {
  return fmt::format("SELECT batch, position, path, name, issuer, profile, octets, digest, verdict FROM request {}",
                     which);
}

PlanRow plan_row(const sqlite::Rows& row) {
  return {.batch = row.text(0),
          .issuer = row.text(1),
          .document = row.text(2),
          .digest = row.digest(3),
          .created = row.instant(4),
          .valid_until = row.instant(5),
          .entry = row.count(6)};
}

std::string select_plans(std::string_view which) {
  return fmt::format("SELECT batch, issuer, document, digest, created, valid_until, entry FROM plan {}", which);
}

Result<Done> read_chain(sqlite::Connection& connection, IssuerRow& issuer) {
  auto chain = sqlite::all<Bytes>(
      connection, [](const sqlite::Rows& row) { return row.octets(0); },
      "SELECT der FROM issuer_certificate WHERE issuer = ?1 ORDER BY position", issuer.name);
  if (!chain) return pass_on(chain);
  issuer.chain = std::move(*chain);
  return Done{};
}

// How many numbers of `day` may have been given and lost.
Result<std::uint64_t> lost_on(const Ledger& ledger, std::string_view day) {
  auto size = ledger.log_size();
  if (!size) return pass_on(size);
  std::uint64_t lost = 0;
  auto read = ledger.each_line(0, *size, kRestoredTag, [&](std::uint64_t, std::string_view line) -> Result<Done> {
    auto entry = log::parse_line(line);
    if (!entry) return pass_on(entry);
    if (to_compact_day(entry->context.time) == day) lost += kLostOnOneDay;
    return Done{};
  });
  if (!read) return pass_on(read);
  return lost;
}

}  // namespace

Result<std::optional<KeyRow>> Ledger::key(std::string_view owner) const {
  return sqlite::first<KeyRow>(*database_->connection, key_row, select_keys("WHERE owner = ?1"), owner);
}

Result<std::vector<KeyRow>> Ledger::keys() const {
  return sqlite::all<KeyRow>(*database_->connection, key_row, select_keys("ORDER BY owner"));
}

Result<std::optional<IssuerRow>> Ledger::issuer(std::string_view name) const {
  auto& connection = *database_->connection;
  auto found = sqlite::first<IssuerRow>(connection, issuer_row,
                                        "SELECT name, state, request, entry FROM issuer WHERE name = ?1", name);
  if (!found || !*found) return found;
  auto read = read_chain(connection, **found);
  if (!read) return pass_on(read);
  return found;
}

Result<std::vector<IssuerRow>> Ledger::issuers() const {
  auto& connection = *database_->connection;
  auto found =
      sqlite::all<IssuerRow>(connection, issuer_row, "SELECT name, state, request, entry FROM issuer ORDER BY name");
  if (!found) return found;
  for (auto& issuer : *found) {
    auto read = read_chain(connection, issuer);
    if (!read) return pass_on(read);
  }
  return found;
}

Result<std::string> Ledger::next_batch_id(Instant day, const std::set<std::string>& taken) const {
  ledger::BatchId id{.day = to_compact_day(day)};
  auto newest = sqlite::first<std::uint64_t>(
      *database_->connection, [](const sqlite::Rows& row) { return row.count(0); },
      "SELECT number FROM batch WHERE day = ?1 ORDER BY number DESC LIMIT 1", id.day);
  if (!newest) return pass_on(newest);
  auto lost = lost_on(*this, id.day);
  if (!lost) return pass_on(lost);
  id.number = std::max(newest->value_or(0), *lost) + 1;
  while (taken.contains(ledger::text_of(id))) ++id.number;
  return ledger::text_of(id);
}

Result<std::optional<BatchRow>> Ledger::batch(std::string_view id) const {
  return sqlite::first<BatchRow>(*database_->connection, batch_row,
                                 "SELECT id, created, requests, accepted, ignored FROM batch WHERE id = ?1", id);
}

Result<std::vector<BatchRow>> Ledger::batches() const {
  return sqlite::all<BatchRow>(*database_->connection, batch_row,
                               "SELECT id, created, requests, accepted, ignored FROM batch ORDER BY rowid DESC");
}

Result<Done> Ledger::each_request(std::string_view batch,
                                  const std::function<Result<Done>(const RequestRow&)>& visit) const {
  for (std::uint64_t from = 0;;) {
    auto requests = sqlite::all<RequestRow>(*database_->connection, request_row,
                                            select_requests("WHERE batch = ?1 AND position >= ?2 "
                                                            "ORDER BY position LIMIT ?3"),
                                            batch, from, kAtOnce);
    if (!requests) return pass_on(requests);
    for (const auto& request : *requests) {
      auto done = visit(request);
      if (!done) return done;
    }
    if (requests->size() < kAtOnce) return Done{};
    from = requests->back().position + 1;
  }
}

Result<std::optional<RequestRow>> Ledger::request(std::string_view batch, std::uint64_t position) const {
  return sqlite::first<RequestRow>(*database_->connection, request_row,
                                   select_requests("WHERE batch = ?1 AND position = ?2"), batch, position);
}

Result<std::vector<PlanRow>> Ledger::plans(std::string_view batch) const {
  return sqlite::all<PlanRow>(*database_->connection, plan_row,
                              select_plans("WHERE batch = ?1 "
                                           "ORDER BY issuer"),
                              batch);
}

Result<std::optional<PlanRow>> Ledger::plan(std::string_view batch, std::string_view issuer) const {
  return sqlite::first<PlanRow>(*database_->connection, plan_row, select_plans("WHERE batch = ?1 AND issuer = ?2"),
                                batch, issuer);
}

}  // namespace sealroom
