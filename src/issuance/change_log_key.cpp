#include <algorithm>
#include <cstdlib>

#include <fmt/format.h>

#include "key_intent.hpp"
#include "sealroom/base/text.hpp"
#include "sealroom/crypto/crypto.hpp"
#include "sealroom/issuance/anchors.hpp"
#include "sealroom/issuance/clock_check.hpp"
#include "sealroom/issuance/log_key.hpp"
#include "sealroom/log/canonical.hpp"
#include "stored_keys.hpp"

namespace sealroom {
namespace {

constexpr KeySpec kSpec{.type = KeyType::EcP256, .bits = 256};

// A pair that is on the token and not yet in force.
struct NewKey {
  GeneratedKey generated;
  TokenKey key;
};

Result<KeyRow> known_log_key(const Ledger& ledger) {
  auto known = ledger.key(kLogOwner);
  if (!known) return pass_on(known);
  if (*known) return std::move(**known);
  return fail(ErrorKind::NeedsPerson, "there is no log key yet", "make it in a ceremony");
}

// Both keys have the label of the configuration's URI in common; the size of the log tells them apart.
Result<NewKey> generate_successor(const Work& work) {
  auto& appliance = work.appliance;
  auto uri = appliance.keys.uri_of(kLogOwner);
  if (!uri) return pass_on(uri);
  if (uri->object().empty()) {
    return fail(ErrorKind::Usage, "the key URI of log has no object: a new key needs a label");
  }
  auto token = appliance.keys.token(kLogOwner);
  if (!token) return pass_on(token);
  auto size = appliance.ledger.log_size();
  if (!size) return pass_on(size);
  const auto label = fmt::format("{}-{}", uri->object(), *size);

  auto intended = note_intent(work, kLogOwner, generating(kLogOwner, kSpec, label, (*token)->info().serial));
  if (!intended) return pass_on(intended);
  auto generated = (*token)->generate(kSpec, label);
  if (!generated) return not_generated(work, kLogOwner, generated.error());
  auto key = (*token)->key(uri->with_id(generated->key_id), generated->public_key);
  if (!key) return not_generated(work, kLogOwner, key.error());
  return NewKey{std::move(*generated), std::move(*key)};
}

// What both keys sign: that in the log as it stands now the one succeeds the other.
Result<log::KeyChange> change_to(const Work& work, log::Succession how, const KeyRow& old_row, const NewKey& made) {
  const auto& ledger = work.appliance.ledger;
  auto old_key = PublicKey::parse(old_row.public_key);
  if (!old_key) return pass_on(old_key, kLogOwner);
  auto size = ledger.log_size();
  if (!size) return pass_on(size);
  auto root = ledger.root(*size);
  if (!root) return pass_on(root);
  return log::KeyChange{.how = how,
                        .origin = work.appliance.configuration.log_origin(),
                        .size = *size,
                        .root = *root,
                        .old_key = std::move(*old_key),
                        .new_key = made.generated.public_key};
}

Result<Bytes> signed_by(const TokenKey& key, const log::KeyChange& change) {
  const auto statement = log::statement_of(change);
  auto signature = key.sign(as_bytes(statement), HashAlgorithm::Sha256);
  if (!signature) return signature;
  if (key.public_key().verifies(as_bytes(statement), *signature, HashAlgorithm::Sha256)) return signature;
  return fail(ErrorKind::Token, "the log token made a signature that does not verify");
}

log::Event event_for(log::Succession how, Json details) {
  if (how == log::Succession::Rotated)
    return {.name = "log.key-rotated", .outcome = "ok", .details = std::move(details)};
  return {.name = "log.key-replaced", .outcome = "ok", .details = std::move(details)};
}

// The change is in force when this returns, and not before.
Result<KeyRow> record_change(const Work& work, const log::KeyChange& change, const GeneratedKey& made, Json details) {
  auto uri = work.appliance.keys.uri_of(kLogOwner);
  if (!uri) return pass_on(uri);
  KeyRow row{.owner = std::string(kLogOwner),
             .uri = uri->text(),
             .token_label = made.token.label,
             .token_serial = made.token.serial,
             .key_id = made.key_id,
             .public_key = made.public_key.der(),
             .evidence = log::canonical(made.evidence),
             .created = work.appliance.clock.now(),
             .entry = change.size};
  details.update({{"owner", kLogOwner},
                  {"algorithm", kSpec.text()},
                  {"token_label", row.token_label},
                  {"token_serial", row.token_serial},
                  {"key_id", to_hex(row.key_id)},
                  {"evidence", made.evidence}});
  auto recorded = work.begin_outcome();
  if (!recorded) return pass_on(recorded);
  auto seq = recorded->append(event_for(change.how, std::move(details)), log::kLogKeyTag);
  if (!seq) return pass_on(seq);
  if (*seq != change.size) std::abort();  // the statement is about this entry, and nobody else writes
  auto put = recorded->change_key(row);
  if (!put) return pass_on(put);
  auto receipt = std::move(*recorded).commit();
  if (!receipt) return pass_on(receipt);
  return row;
}

ActDone outcome_of(const log::KeyChange& change, const KeyRow& row) {
  return {.outcome = {{"entry", fmt::format("{}", change.size)},
                      {"old_fingerprint", to_hex(change.old_key.digest())},
                      {"fingerprint", to_hex(change.new_key.digest())},
                      {"token", row.token_label},
                      {"token_serial", row.token_serial},
                      {"key_id", to_hex(row.key_id)}},
          .repeated = false};
}

// The successor of a key that nobody can use any more, on the token that is unlocked.
Result<ActDone> replace_on_token(const Work& work, const KeyRow& lost, const std::string& reason) {
  auto ours = remembers_no_other_log(work, kLogOwner);
  if (!ours) return refuse_key(work, kLogOwner, ours.error());
  auto standing = check_anchor(work, kLogOwner);
  if (!standing) return pass_on(standing);
  auto token = work.appliance.keys.token(kLogOwner);
  if (!token) return pass_on(token);
  auto there = holds(**token, lost);
  if (!there) return pass_on(there);
  if (*there) {
    return fail(ErrorKind::Usage, "this token holds the log's key: it is not lost",
                "sealroom unlock log; then sealroom audit rotate-key");
  }
  auto made = generate_successor(work);
  if (!made) return pass_on(made);
  auto change = change_to(work, log::Succession::Replaced, lost, *made);
  if (!change) return pass_on(change);
  change->reason = printable(reason);
  auto signature = signed_by(made->key, *change);
  if (!signature) return not_generated(work, kLogOwner, signature.error());
  auto row = record_change(work, *change, made->generated, log::details_of(*change, {}, *signature));
  if (!row) return pass_on(row);
  return outcome_of(*change, *row);
}

}  // namespace

Result<ActDone> rotate_log_key(const Work& work) {
  auto& configuration = work.appliance.configuration;
  auto& ledger = work.appliance.ledger;
  auto& keys = work.appliance.keys;
  auto& clock = work.appliance.clock;
  auto row = known_log_key(ledger);
  if (!row) return pass_on(row);
  auto continues = no_open_gap(ledger, configuration);
  if (!continues) return pass_on(continues);
  auto confirmed = clock_is_confirmed(ledger, clock);
  if (!confirmed) return pass_on(confirmed);
  auto old_key = keys.key(kLogOwner);
  if (!old_key) return pass_on(old_key);

  auto made = generate_successor(work);
  if (!made) return pass_on(made);
  auto change = change_to(work, log::Succession::Rotated, *row, *made);
  if (!change) return pass_on(change);
  auto by_new = signed_by(made->key, *change);
  if (!by_new) return not_generated(work, kLogOwner, by_new.error());
  auto by_old = signed_by(**old_key, *change);
  if (!by_old) return not_generated(work, kLogOwner, by_old.error());
  auto changed = record_change(work, *change, made->generated, log::details_of(*change, *by_old, *by_new));
  if (!changed) return pass_on(changed);

  auto loaded = keys.load(*changed);
  if (!loaded) {
    keys.lock(kLogOwner);  // the old key must not sign for the log any more
    keys.refresh();
    return pass_on(loaded, "the log's key is rotated");
  }
  auto looked = look_at_keys(work, kLogOwner);
  if (!looked) return pass_on(looked, "the log's key is rotated");
  keys.used(kLogOwner, clock.since_boot());
  keys.refresh();
  auto covered = checkpoint(work);
  if (!covered) return pass_on(covered, "the log's key is rotated");
  return outcome_of(*change, *changed);
}

Result<ActDone> replace_log_key(const Work& work, const Secret& pin, FinalTry final_try, const std::string& reason) {
  auto& configuration = work.appliance.configuration;
  auto& ledger = work.appliance.ledger;
  auto& keys = work.appliance.keys;
  auto& clock = work.appliance.clock;
  auto row = known_log_key(ledger);
  if (!row) return pass_on(row);
  if (printable(reason).empty()) return fail(ErrorKind::Usage, "the log keeps the reason for ever: there is none");
  if (keys.unlocked(kLogOwner)) {
    return fail(ErrorKind::Usage, "the log's key is unlocked: it is not lost", "sealroom audit rotate-key");
  }
  auto continues = no_open_gap(ledger, configuration);
  if (!continues) return pass_on(continues);
  auto possible = clock_is_not_behind(ledger, clock);
  if (!possible) return pass_on(possible);
  auto confirmed = clock_is_confirmed(ledger, clock);
  if (!confirmed) return pass_on(confirmed);

  auto unlocked = keys.unlock(kLogOwner, pin, final_try);
  if (!unlocked) {
    keys.refresh();
    auto noted = record(work, {.name = "token.unlock-failed",
                               .outcome = "error",
                               .details = {{"owner", kLogOwner}, {"reason", printable(unlocked.error().message)}}});
    if (!noted) return pass_on(noted);
    return pass_on(unlocked);
  }
  auto replaced = replace_on_token(work, *row, reason);
  keys.lock(kLogOwner);
  keys.refresh();
  return replaced;
}

}  // namespace sealroom
