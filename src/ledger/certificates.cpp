#include <fmt/format.h>

#include "database.hpp"
#include "sealroom/base/text.hpp"

namespace sealroom {
namespace {

CertificateRow certificate_row(const sqlite::Rows& row) {
  const auto state = certificate_state_from(row.text(14));
  if (!state) row.mark_damaged();
  return CertificateRow{.id = row.integer(0),
                        .batch = row.text(1),
                        .issuer = row.text(2),
                        .profile = row.text(3),
                        .request = row.count(4),
                        .position = row.count(5),
                        .name = row.text(6),
                        .request_digest = row.digest(7),
                        .key_digest = row.digest(8),
                        .serial = row.octets(9),
                        .subject = row.octets(10),
                        .not_before = row.instant(11),
                        .not_after = row.instant(12),
                        .to_be_signed = row.octets(13),
                        .state = state.value_or(CertificateState::Planned),
                        .reason = row.text(15),
                        .certificate = row.octets(16),
                        .entry = row.count(17)};
}

// `which` is the rest of the statement, behind the table's name.
std::string select(std::string_view which) {
  return fmt::format(
      "SELECT id, batch, issuer, profile, request, position, name, request_digest, key_digest, serial, subject, "
      "not_before, not_after, to_be_signed, state, reason, certificate, entry FROM certificate {}",
      which);
}

template <class... Values>
Result<std::vector<CertificateRow>> all_of(sqlite::Connection& connection, std::string_view which,
                                           const Values&... values) {
  return sqlite::all<CertificateRow>(connection, certificate_row, select(which), values...);
}

template <class... Values>
Result<std::optional<CertificateRow>> first_of(sqlite::Connection& connection, std::string_view which,
                                               const Values&... values) {
  return sqlite::first<CertificateRow>(connection, certificate_row, select(which), values...);
}

// The first row that `fits`; those behind it are not read.
template <class... Values>
Result<std::optional<CertificateRow>> first_that(sqlite::Connection& connection,
                                                 const std::function<bool(const CertificateRow&)>& fits,
                                                 std::string_view which, const Values&... values) {
  auto rows = connection.query(select(which), values...);
  if (!rows) return pass_on(rows);
  for (;;) {
    auto more = rows->next();
    if (!more) return pass_on(more);
    if (!*more) return std::optional<CertificateRow>();
    auto row = certificate_row(*rows);
    auto sound = rows->check();
    if (!sound) return pass_on(sound);
    if (fits(row)) return std::optional(std::move(row));
  }
}

std::int64_t id_of(const sqlite::Rows& row) { return row.integer(0); }

}  // namespace

Result<std::int64_t> Change::add_certificate(const CertificateRow& row) {
  auto& state = ledger::in_use(state_);
  auto known = sqlite::first<std::int64_t>(state.connection(), id_of,
                                           "SELECT id FROM certificate WHERE serial = ?1 AND issuer = ?2", row.serial,
                                           row.issuer);
  if (!known) return pass_on(known);
  if (*known) {
    return state.refuse(
        fmt::format("issuer {}: serial {} was given before", printable(row.issuer), to_upper_hex(row.serial)));
  }
  auto done = state.run(
      "INSERT INTO certificate (batch, issuer, profile, request, position, name, "
      "request_digest, key_digest, serial, subject, not_before, not_after, to_be_signed, state, "
      "reason, certificate, entry) "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)",
      row.batch, row.issuer, row.profile, row.request, row.position, row.name, row.request_digest, row.key_digest,
      row.serial, row.subject, row.not_before, row.not_after, row.to_be_signed, name_of(row.state), row.reason,
      row.certificate, row.entry);
  if (!done) return pass_on(done);
  return state.connection().last_id();
}

Result<Done> Change::set_state(std::int64_t certificate, CertificateState new_state, std::uint64_t entry,
                               std::string_view reason) {
  if (new_state == CertificateState::Issued) std::abort();  // set_issued brings the certificate with it
  return ledger::in_use(state_).run_on_one(
      fmt::format("certificate {}: is unknown or in a final state, and cannot become {}", certificate,
                  name_of(new_state)),
      "UPDATE certificate SET state = ?2, entry = ?3, reason = ?4 "
      "WHERE id = ?1 AND state IN ('planned', 'approved', 'started')",
      certificate, name_of(new_state), entry, reason);
}

Result<Done> Change::set_issued(std::int64_t certificate, ByteView der, std::uint64_t entry) {
  return ledger::in_use(state_).run_on_one(
      fmt::format("certificate {}: cannot be issued, its signing was not recorded as started", certificate),
      "UPDATE certificate SET state = 'issued', certificate = ?2, entry = ?3, reason = '' "
      "WHERE id = ?1 AND state = 'started'",
      certificate, der, entry);
}

Result<Done> Change::set_found(std::int64_t certificate, ByteView der, std::uint64_t entry) {
  return ledger::in_use(state_).run_on_one(
      fmt::format("certificate {}: is unknown or issued already", certificate),
      "UPDATE certificate SET state = 'issued', certificate = ?2, entry = ?3, reason = '' "
      "WHERE id = ?1 AND state <> 'issued'",
      certificate, der, entry);
}

Result<Done> Change::set_lost(std::int64_t certificate, std::uint64_t entry, std::string_view reason) {
  return ledger::in_use(state_).run_on_one(
      fmt::format("certificate {}: is unknown or issued", certificate),
      "UPDATE certificate SET state = 'abandoned', entry = ?2, reason = ?3 WHERE id = ?1 AND state <> 'issued'",
      certificate, entry, reason);
}

Result<std::vector<CertificateRow>> Ledger::certificates(std::string_view batch, std::string_view issuer) const {
  return all_of(*database_->connection, "WHERE batch = ?1 AND issuer = ?2 ORDER BY position", batch, issuer);
}

Result<std::optional<CertificateRow>> Ledger::certificate_of_request(std::string_view batch,
                                                                     std::uint64_t position) const {
  return first_of(*database_->connection, "WHERE batch = ?1 AND request = ?2 ORDER BY id DESC LIMIT 1", batch,
                  position);
}

Result<std::vector<CertificateRow>> Ledger::issued(std::string_view issuer, std::int64_t after_id,
                                                   std::size_t most) const {
  auto& connection = *database_->connection;
  if (issuer.empty()) {
    return all_of(connection, "WHERE state = 'issued' AND id > ?1 ORDER BY id LIMIT ?2", after_id, most);
  }
  return all_of(connection, "WHERE issuer = ?1 AND state = 'issued' AND id > ?2 ORDER BY id LIMIT ?3", issuer, after_id,
                most);
}

Result<std::optional<CertificateRow>> Ledger::by_serial(std::string_view issuer, ByteView serial) const {
  return first_of(*database_->connection, "WHERE serial = ?1 AND (?2 = '' OR issuer = ?2) ORDER BY id DESC LIMIT 1",
                  serial, issuer);
}

Result<std::vector<CertificateRow>> Ledger::by_request(const Digest& request, std::optional<std::int64_t> but) const {
  return all_of(*database_->connection, "WHERE request_digest = ?1 AND id IS NOT ?2 ORDER BY id", request, but);
}

Result<std::vector<CertificateRow>> Ledger::by_key(const Digest& key, std::int64_t before,
                                                   const std::function<bool(const CertificateRow&)>& counts) const {
  auto& connection = *database_->connection;
  std::vector<CertificateRow> found;
  for (Bytes subject;;) {
    auto next = sqlite::first<Bytes>(
        connection, [](const sqlite::Rows& row) { return row.octets(0); },
        "SELECT subject FROM certificate WHERE key_digest = ?1 AND subject > ?2 AND id <> ?3 ORDER BY subject LIMIT 1",
        key, subject, before);
    if (!next) return pass_on(next);
    if (!*next) return found;
    subject = std::move(**next);
    auto row = first_that(connection, counts, "WHERE key_digest = ?1 AND subject = ?2 AND id < ?3 ORDER BY id DESC",
                          key, subject, before);
    if (row && !*row) {
      row = first_that(connection, counts, "WHERE key_digest = ?1 AND subject = ?2 AND id > ?3 ORDER BY id", key,
                       subject, before);
    }
    if (!row) return pass_on(row);
    if (*row) found.push_back(std::move(**row));
  }
}

Result<std::vector<CertificateRow>> Ledger::by_subject(std::string_view issuer, ByteView subject) const {
  return all_of(*database_->connection, "WHERE issuer = ?1 AND subject = ?2 ORDER BY id", issuer, subject);
}

Result<std::vector<CertificateRow>> Ledger::started() const {
  return all_of(*database_->connection, "WHERE state = 'started' ORDER BY id");
}

Result<std::vector<std::pair<std::string, std::uint64_t>>> Ledger::planned() const {
  using Count = std::pair<std::string, std::uint64_t>;
  return sqlite::all<Count>(
      *database_->connection,
      [](const sqlite::Rows& row) { return Count{row.text(0), static_cast<std::uint64_t>(row.integer(1))}; },
      "SELECT batch, count(*) FROM certificate WHERE state = 'planned' GROUP BY batch ORDER BY batch");
}

}  // namespace sealroom
