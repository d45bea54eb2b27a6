#include <fmt/format.h>

#include "chosen_key.hpp"
#include "key_intent.hpp"
#include "key_strength.hpp"
#include "sealroom/base/text.hpp"
#include "sealroom/crypto/crypto.hpp"
#include "sealroom/issuance/recovery.hpp"
#include "sealroom/issuance/told_by_log.hpp"
#include "sealroom/log/canonical.hpp"
#include "stored_keys.hpp"

namespace sealroom {
namespace {

ActDone outcome_of(const StoredKey& stored, const TokenInfo& token, bool repeated) {
  return {.outcome = {{"algorithm", stored.key.algorithm},
                      {"token", token.label},
                      {"token_serial", token.serial},
                      {"key_id", to_hex(stored.key.key_id)},
                      {"fingerprint", digest_text(stored.key)}},
          .repeated = repeated};
}

std::unexpected<Error> unfit(const KeyChoice& choice, const std::string& why, const std::string& hint) {
  return fail(ErrorKind::Usage, fmt::format("{}: this key cannot be adopted: {}", choice.owner, why), hint);
}

// Whether the key may become the owner's, by what ledger and configuration say.
Result<Done> may_be_owners(const Work& work, const KeyChoice& choice, const StoredKey& stored,
                           const std::optional<KeyRow>& row) {
  const auto& [key, standing, bound_to] = stored;
  if (!key.public_key || key.key_id.empty()) {
    return unfit(choice, "the token does not tell its public key, or it has no CKA_ID",
                 "have its public half and an id put on the token with the vendor's tool");
  }
  const bool anothers = standing == KeyStanding::Bound || standing == KeyStanding::Former;
  if (anothers && bound_to != choice.owner) {
    return unfit(choice, fmt::format("it is a key of {}", bound_to), "an issuer has a key of its own");
  }
  auto known = work.appliance.ledger.keys();
  if (!known) return pass_on(known);
  for (const auto& other : *known) {
    if (other.owner != choice.owner && other.public_key == key.public_key->der())
      return unfit(choice, fmt::format("it is a copy of the key of {}", other.owner), "an issuer has a key of its own");
  }
  if (row && row->public_key != key.public_key->der()) {
    return unfit(choice, fmt::format("{} has another one", choice.owner),
                 "only a copy of an owner's key takes its place; destroy this one, or leave it as foreign");
  }
  const auto spec = KeySpec::parse(KeySpec{key.public_key->type(), key.public_key->bits()}.text());
  if (!spec) return unfit(choice, fmt::format("{} is no kind of key for a CA", key.algorithm), spec.error().hint);
  return is_strong_enough(work.appliance.configuration, choice.owner, *spec);
}

// Evidence that the key works: attributes, attempts to take it out, and its signature over what nobody could foresee.
Result<AdoptableKey> examine(const Token& token, const TokenUri& uri, const PublicKey& expected) {
  auto examined = token.examine_for_adoption(uri, expected);
  if (!examined) return examined;
  auto key = token.key(uri, expected, KeyHistory::Adopted);
  if (!key) return pass_on(key);
  const auto challenge = "sealroom adoption challenge " + to_hex(kernel_random(32));
  auto signature = key->sign(as_bytes(challenge), HashAlgorithm::Sha256);
  if (!signature) return pass_on(signature);
  if (!expected.verifies(as_bytes(challenge), *signature, HashAlgorithm::Sha256)) {
    return fail(ErrorKind::Token, "its signature over a fresh challenge does not verify", "do not use this key");
  }
  examined->evidence["challenge"] = challenge;
  examined->evidence["challenge_signature"] = to_hex(*signature);
  return examined;
}

// The binding, durable with its entry. An intent that a crash left open is closed: what it may have left is decided.
Result<KeyRow> bind_to_owner(const Work& work, const KeyChoice& choice, const TokenUri& uri,
                             const AdoptableKey& adopted, const std::optional<KeyRow>& before) {
  auto& ledger = work.appliance.ledger;
  KeyRow row{.owner = choice.owner,
             .uri = uri.text(),
             .token_label = adopted.token.label,
             .token_serial = adopted.token.serial,
             .key_id = adopted.key_id,
             .public_key = adopted.public_key.der(),
             .evidence = log::canonical(adopted.evidence),
             .created = work.appliance.clock.now(),
             .entry = 0};
  auto change = work.begin();
  if (!change) return pass_on(change);
  auto closed = close_open_intent(work, *change, choice.owner);
  if (!closed) return pass_on(closed);
  auto seq = change->append({.name = "key.adopted",
                             .outcome = "ok",
                             .details = {{"owner", choice.owner},
                                         {"token_label", row.token_label},
                                         {"token_serial", row.token_serial},
                                         {"key_id", to_hex(row.key_id)},
                                         {"public_key_sha256", to_hex(adopted.public_key.digest())},
                                         {"previous_token_serial", before ? before->token_serial : ""},
                                         {"reason", choice.reason},
                                         {"confirmed", choice.confirmed},
                                         {"evidence", adopted.evidence}}},
                            key_tag(choice.owner));
  if (!seq) return pass_on(seq);
  row.entry = *seq;
  auto put = before ? change->move_key(row) : change->put_key(row);
  if (!put) return pass_on(put);
  auto issuer = issuer_row(ledger, choice.owner);
  if (!issuer) return pass_on(issuer);
  if (choice.owner != kLogOwner && issuer->state == "configured") {
    issuer->state = "key";
    auto moved = change->put_issuer(*issuer);
    if (!moved) return pass_on(moved);
  }
  auto receipt = std::move(*change).commit();
  if (!receipt) return pass_on(receipt);
  return row;
}

}  // namespace

Result<ActDone> adopt_key(const Work& work, const KeyChoice& choice) {
  auto& ledger = work.appliance.ledger;
  auto& keys = work.appliance.keys;
  auto uri = keys.uri_of(choice.owner);
  if (!uri) return pass_on(uri);
  auto row = ledger.key(choice.owner);
  if (!row) return pass_on(row);
  if (*row) {
    auto told = history_told(ledger, **row);
    if (!told) return pass_on(told);
  }
  auto stored = chosen_key(work, choice, *row ? std::optional(sha256((*row)->public_key)) : std::nullopt);
  if (!stored) return pass_on(stored);
  auto fit = may_be_owners(work, choice, *stored, *row);
  if (!fit) return pass_on(fit);
  auto token = keys.token(choice.owner);
  if (!token) return pass_on(token);
  if (stored->standing == KeyStanding::Bound && keys.usable(choice.owner))
    return outcome_of(*stored, (*token)->info(), true);
  auto reasoned = has_reason(choice);
  if (!reasoned) return pass_on(reasoned);
  auto confirmed = is_confirmed(choice, stored->key);
  if (!confirmed) return pass_on(confirmed);

  auto adopted = examine(**token, uri->with_id(stored->key.key_id), *stored->key.public_key);
  if (!adopted) {
    auto details = details_of(stored->key);
    details.update({{"owner", choice.owner},
                    {"token_serial", (*token)->info().serial},
                    {"reason", printable(adopted.error().message)}});
    auto noted = record(work, {.name = "key.adoption-refused", .outcome = "refused", .details = std::move(details)});
    if (!noted) return pass_on(noted);
    return pass_on(adopted, choice.owner);
  }
  auto bound = bind_to_owner(work, choice, *uri, *adopted, *row);
  if (!bound) return pass_on(bound);
  auto loaded = keys.load(*bound, KeyHistory::Adopted);
  if (!loaded) return pass_on(loaded);
  auto looked = look_again(work, choice.owner);
  if (!looked) return pass_on(looked);
  return outcome_of(*stored, (*token)->info(), false);
}

}  // namespace sealroom
