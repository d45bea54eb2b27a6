#include <fmt/format.h>

#include "chosen_key.hpp"
#include "key_intent.hpp"
#include "sealroom/base/text.hpp"
#include "sealroom/issuance/recovery.hpp"
#include "stored_keys.hpp"

namespace sealroom {
namespace {

ActDone outcome_of(const TokenPrivateKey& key, const std::string& token_serial) {
  return {.outcome = {{"label", key.label},
                      {"key_id", to_hex(key.key_id)},
                      {"token_serial", token_serial},
                      {"fingerprint", digest_text(key)}},
          .repeated = false};
}

Json told(const KeyChoice& choice, const TokenPrivateKey& key, const std::string& token_serial) {
  auto details = details_of(key);
  details.update({{"owner", choice.owner}, {"token_serial", token_serial}});
  return details;
}

// A key that signs, or has to, is not destroyed.
Result<Done> is_not_in_use(const Ledger& ledger, const StoredKey& stored) {
  if (stored.standing != KeyStanding::Bound) return Done{};
  auto issuer = issuer_row(ledger, stored.owner);
  if (!issuer) return pass_on(issuer);
  if (stored.owner != kLogOwner && issuer->state == "retired") return Done{};
  return fail(ErrorKind::Usage,
              fmt::format("key \"{}\" is the key of {}: it is not destroyed", stored.key.label, stored.owner),
              "only keys that nobody uses are destroyed");
}

Result<Done> note_outcome(const Work& work, const KeyChoice& choice, const log::Event& event) {
  auto change = work.begin_outcome();
  if (!change) return pass_on(change);
  auto seq = change->append(event, key_tag(choice.owner));
  if (!seq) return pass_on(seq);
  auto receipt = std::move(*change).commit();
  if (!receipt) return pass_on(receipt);
  return Done{};
}

}  // namespace

Result<ActDone> destroy_key(const Work& work, const KeyChoice& choice) {
  auto stored = chosen_key(work, choice, std::nullopt);
  if (!stored) return pass_on(stored);
  auto unused = is_not_in_use(work.appliance.ledger, *stored);
  if (!unused) return pass_on(unused);
  auto confirmed = is_confirmed(choice, stored->key);
  if (!confirmed) return pass_on(confirmed);
  auto token = work.appliance.keys.token(choice.owner);
  if (!token) return pass_on(token);
  const auto serial = (*token)->info().serial;
  auto details = told(choice, stored->key, serial);
  auto intended = note_intent(work, choice.owner, {.name = "key.destroying", .outcome = "ok", .details = details});
  if (!intended) return pass_on(intended);

  auto destroyed = (*token)->destroy_key(stored->key.key_id, stored->key.digest());
  if (!destroyed) details["reason"] = printable(destroyed.error().message);
  auto noted = note_outcome(
      work, choice,
      destroyed ? log::Event{.name = "key.destroyed", .outcome = "ok", .details = std::move(details)}
                : log::Event{.name = "key.destruction-failed", .outcome = "error", .details = std::move(details)});
  if (!noted) return pass_on(noted);
  auto looked = look_again(work, choice.owner);
  if (!destroyed) return pass_on(destroyed, choice.owner);
  if (!looked) return pass_on(looked);
  return outcome_of(stored->key, serial);
}

Result<ActDone> leave_foreign(const Work& work, const KeyChoice& choice) {
  auto stored = chosen_key(work, choice, std::nullopt);
  if (!stored) return pass_on(stored);
  if (stored->standing != KeyStanding::Unknown) {
    return fail(ErrorKind::Usage,
                fmt::format("key \"{}\" is {} already", stored->key.label, name_of(stored->standing)));
  }
  auto reasoned = has_reason(choice);
  if (!reasoned) return pass_on(reasoned);
  auto confirmed = is_confirmed(choice, stored->key);
  if (!confirmed) return pass_on(confirmed);
  auto token = work.appliance.keys.token(choice.owner);
  if (!token) return pass_on(token);
  const auto serial = (*token)->info().serial;
  auto details = told(choice, stored->key, serial);
  details["reason"] = choice.reason;
  auto receipt =
      record(work, {.name = "key.foreign", .outcome = "ok", .details = std::move(details)}, foreign_tag(choice.owner));
  if (!receipt) return pass_on(receipt);
  auto looked = look_again(work, choice.owner);
  if (!looked) return pass_on(looked);
  return outcome_of(stored->key, serial);
}

}  // namespace sealroom
