#include <algorithm>

#include <fmt/format.h>

#include "batch_id.hpp"
#include "database.hpp"
#include "sealroom/base/text.hpp"

namespace sealroom {

// The binding of a key to its owner is written once; seeing the same key again, a repeated ceremony step, changes
// nothing, and the evidence of its making stays.
Result<Done> Change::put_key(const KeyRow& row) {
  auto& state = ledger::in_use(state_);
  const auto decode = [](const sqlite::Rows& stored) {
    return KeyRow{.owner = {},
                  .uri = stored.text(0),
                  .token_label = stored.text(1),
                  .token_serial = stored.text(2),
                  .key_id = stored.octets(3),
                  .public_key = stored.octets(4),
                  .evidence = {},
                  .created = {},
                  .entry = 0};
  };
  auto known = sqlite::first<KeyRow>(
      state.connection(), decode,
      "SELECT uri, token_label, token_serial, key_id, public_key FROM token_key WHERE owner = ?1", row.owner);
  if (!known) return pass_on(known);
  if (*known) {
    const auto& old = **known;
    const bool same = old.uri == row.uri && old.token_label == row.token_label &&
                      old.token_serial == row.token_serial && old.key_id == row.key_id &&
                      old.public_key == row.public_key;
    if (same) return Done{};
    return state.refuse(fmt::format("{}: has another key already", printable(row.owner)),
                        "an owner keeps its key; make an issuer of another name for a new one");
  }
  return state.run(
      "INSERT INTO token_key (owner, uri, token_label, token_serial, key_id, public_key, evidence, "
      "created, entry) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
      row.owner, row.uri, row.token_label, row.token_serial, row.key_id, row.public_key, row.evidence, row.created,
      row.entry);
}

Result<Done> Change::change_key(const KeyRow& row) {
  auto& state = ledger::in_use(state_);
  auto known = sqlite::first<std::string>(
      state.connection(), [](const sqlite::Rows& stored) { return stored.text(0); },
      "SELECT owner FROM token_key WHERE owner = ?1", row.owner);
  if (!known) return pass_on(known);
  if (!*known)
    return state.refuse(fmt::format("{}: has no key that another could take the place of", printable(row.owner)));
  return state.run(
      "UPDATE token_key SET uri = ?2, token_label = ?3, token_serial = ?4, key_id = ?5, public_key = ?6, "
      "evidence = ?7, created = ?8, entry = ?9 WHERE owner = ?1",
      row.owner, row.uri, row.token_label, row.token_serial, row.key_id, row.public_key, row.evidence, row.created,
      row.entry);
}

Result<Done> Change::move_key(const KeyRow& row) {
  auto& state = ledger::in_use(state_);
  const auto decode = [](const sqlite::Rows& stored) { return stored.octets(0); };
  auto known =
      sqlite::first<Bytes>(state.connection(), decode, "SELECT public_key FROM token_key WHERE owner = ?1", row.owner);
  if (!known) return pass_on(known);
  if (!*known || **known != row.public_key) {
    return state.refuse(fmt::format("{}: does not have this key", printable(row.owner)));
  }
  return state.run(
      "UPDATE token_key SET uri = ?2, token_label = ?3, token_serial = ?4, key_id = ?5, evidence = ?6, entry = ?7 "
      "WHERE owner = ?1",
      row.owner, row.uri, row.token_label, row.token_serial, row.key_id, row.evidence, row.entry);
}

Result<Done> Change::put_issuer(const IssuerRow& row) {
  auto& state = ledger::in_use(state_);
  auto done = state.run(
      "INSERT INTO issuer (name, state, request, entry) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (name) "
      "DO UPDATE SET state = excluded.state, request = excluded.request, entry = excluded.entry",
      row.name, row.state, row.request, row.entry);
  if (done) done = state.run("DELETE FROM issuer_certificate WHERE issuer = ?1", row.name);
  for (std::size_t i = 0; done && i < row.chain.size(); ++i) {
    done = state.run("INSERT INTO issuer_certificate (issuer, position, der) VALUES (?1, ?2, ?3)", row.name, i,
                     row.chain[i]);
  }
  return done;
}

Result<Done> Change::add_batch(const BatchRow& row) {
  auto& state = ledger::in_use(state_);
  const auto id = ledger::batch_id_from(row.id);
  if (!id) return state.refuse(fmt::format("{}: is not a batch's identifier", printable(row.id)));
  return state.run(
      "INSERT INTO batch (id, day, number, created, requests, accepted, ignored) "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
      row.id, id->day, id->number, row.created, row.requests, row.accepted, row.ignored);
}

Result<Done> Change::add_request(const RequestRow& row) {
  return ledger::in_use(state_).run(
      "INSERT INTO request (batch, position, path, name, issuer, profile, octets, digest, verdict) "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
      row.batch, row.position, as_bytes(row.path), row.name, row.issuer, row.profile, row.octets, row.digest,
      row.verdict);
}

Result<Done> Change::add_plan(const PlanRow& row) {
  return ledger::in_use(state_).run(
      "INSERT INTO plan (batch, issuer, document, digest, created, valid_until, entry) VALUES (?1, ?2, ?3, ?4, ?5, ?6, "
      "?7)",
      row.batch, row.issuer, row.document, row.digest, row.created, row.valid_until, row.entry);
}

// A checkpoint that the log does not have would be a promise that nobody can keep.
Result<Done> Change::add_checkpoint(const CheckpointRow& row) {
  auto& state = ledger::in_use(state_);
  const auto read = [&state](unsigned level, std::uint64_t index) {
    return ledger::node(state.connection(), level, index);
  };
  const auto root = row.size <= state.log_size ? log::root_of(row.size, read) : Result<Digest>(Digest{});
  if (!root || *root != row.root) {
    return state.refuse(fmt::format("the checkpoint of size {} is not of this log", row.size));
  }
  return state.run(
      "INSERT INTO checkpoint (size, root, note) VALUES (?1, ?2, ?3) "
      "ON CONFLICT (size) DO UPDATE SET note = excluded.note",
      row.size, row.root, row.note);
}

Result<Done> Change::add_export(const ExportRow& row) {
  return ledger::in_use(state_).run("INSERT INTO export (batch, size, content) VALUES (?1, ?2, ?3)", row.batch,
                                    row.size, row.content);
}

}  // namespace sealroom
