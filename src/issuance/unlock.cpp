#include <algorithm>

#include <fmt/format.h>

#include "sealroom/base/text.hpp"
#include "sealroom/crypto/crypto.hpp"

#include "sealroom/issuance/anchors.hpp"
#include "sealroom/issuance/clock_check.hpp"
#include "sealroom/issuance/keys.hpp"
#include "sealroom/issuance/told_by_log.hpp"
#include "stored_keys.hpp"

namespace sealroom {
namespace {

Result<Done> note(const Work& work, std::string_view event, std::string_view outcome, Json details) {
  auto receipt =
      record(work, {.name = std::string(event), .outcome = std::string(outcome), .details = std::move(details)});
  if (!receipt) return pass_on(receipt);
  return Done{};
}

// Whether the owner's key, `row`, may lie on the unlocked token. A copy lies on another one than the key was made on.
Result<Done> may_hold_key(const Work& work, std::string_view owner, const std::optional<KeyRow>& row, UnlockFor use) {
  auto& keys = work.appliance.keys;
  auto made_on = row ? keys.is_token_of(*row) : Result<Done>(Done{});
  if (use == UnlockFor::Signing || (row && made_on)) return made_on;
  auto ours = remembers_no_other_log(work, owner);
  if (!ours || !row) return ours;
  auto token = keys.token(owner);
  if (!token) return pass_on(token);
  auto copied = holds(**token, *row);
  if (!copied) return pass_on(copied, owner);
  if (*copied) return Done{};
  made_on.error().message += ", and holds no copy of it";
  return made_on;
}

// A token that was inserted by mistake is no reason to doubt the ledger: it is told before any anchor is compared.
Result<Done> is_right_token(const Work& work, std::string_view owner, UnlockFor use) {
  auto row = work.appliance.ledger.key(owner);
  if (!row) return pass_on(row);
  auto right = may_hold_key(work, owner, *row, use);
  return right ? right : refuse_key(work, owner, right.error());
}

// Reads back every key on the owner's unlocked token that the ledger knows, looks for others, and logs that the token is
// open.
Result<Done> use_known_keys(const Work& work, std::string_view owner, UnlockFor use) {
  auto& keys = work.appliance.keys;
  auto token = keys.token(owner);
  if (!token) return pass_on(token);
  auto known = work.appliance.ledger.keys();
  if (!known) return pass_on(known);
  const auto sharing = keys.sharing_token_with(owner);
  Json found = Json::array();
  for (const auto& row : *known) {
    if (std::ranges::find(sharing, row.owner) == sharing.end()) continue;
    auto history = history_told(work.appliance.ledger, row);
    auto loaded = history ? keys.load(row, *history) : Result<Done>(pass_on(history));
    if (!loaded && use == UnlockFor::KeyWork && loaded.error().kind == ErrorKind::Token) continue;
    if (!loaded) return refuse_key(work, row.owner, loaded.error());
    found.push_back({{"owner", row.owner}, {"public_key_sha256", to_hex(sha256(row.public_key))}});
  }
  auto closed = close_destructions(work, owner);
  if (!closed) return closed;
  auto unknown = look_at_keys(work, owner);
  if (!unknown) return pass_on(unknown);
  auto noted = note(work, "token.unlocked", "ok", {{"owner", owner}, {"keys", found}});
  if (!noted || unknown->empty()) return noted;
  return note(work, "key.unknown", "refused",
              {{"owner", owner}, {"token_serial", (*token)->info().serial}, {"keys", *unknown}});
}

}  // namespace

Result<Done> unlock(const Work& work, std::string_view owner, const Secret& pin, FinalTry final_try, UnlockFor use) {
  auto& keys = work.appliance.keys;
  if (keys.unlocked(owner)) return Done{};
  auto possible = clock_is_not_behind(work.appliance.ledger, work.appliance.clock);
  if (!possible) return possible;
  auto confirmed = clock_is_confirmed(work.appliance.ledger, work.appliance.clock);
  if (!confirmed) return confirmed;
  auto unlocked = keys.unlock(owner, pin, final_try);
  if (!unlocked) {
    keys.refresh();
    auto noted =
        note(work, "token.unlock-failed", "error", {{"owner", owner}, {"reason", printable(unlocked.error().message)}});
    if (!noted) return noted;
    return unlocked;
  }
  keys.used(owner, work.appliance.clock.since_boot());
  auto right = is_right_token(work, owner, use);
  auto standing = right ? check_anchor(work, owner) : Result<Standing>(pass_on(right));
  if (standing) keys.compared(owner, name_of(*standing));
  auto ready = standing ? use_known_keys(work, owner, use) : Result<Done>(pass_on(standing));
  // A token that is open without an entry in the log, or with a key that is not right, must not stay open.
  if (!ready) keys.lock(owner);
  keys.refresh();
  return ready;
}

Result<Done> lock(const Work& work, std::string_view owner, std::string_view reason) {
  auto& keys = work.appliance.keys;
  auto known = keys.uri_of(owner);
  if (!known) return pass_on(known);
  if (!keys.unlocked(owner)) return Done{};
  keys.lock(owner);
  keys.refresh();
  return note(work, "token.locked", "ok", {{"owner", owner}, {"reason", reason}});
}

}  // namespace sealroom
