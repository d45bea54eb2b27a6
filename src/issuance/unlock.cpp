#include <algorithm>

#include <fmt/format.h>

#include "sealroom/base/text.hpp"
#include "sealroom/crypto/crypto.hpp"

#include "sealroom/issuance/keys.hpp"

namespace sealroom {
namespace {

Result<Done> note(const Work& work, std::string_view event, std::string_view outcome, Json details) {
  auto receipt = record(work, {.name = std::string(event), .outcome = std::string(outcome), .details = std::move(details)});
  if (!receipt) return pass_on(receipt);
  return Done{};
}

}  // namespace

Result<Done> unlock(const Work& work, std::string_view owner, const Secret& pin, FinalTry final_try) {
  auto& [configuration, ledger, keys, clock, software] = work.appliance;
  if (keys.unlocked(owner)) return Done{};
  auto unlocked = keys.unlock(owner, pin, final_try);
  keys.refresh();
  if (!unlocked) {
    auto noted = note(work, "token.unlock-failed", "error",
                      {{"owner", owner}, {"reason", printable(unlocked.error().message)}});
    if (!noted) return noted;
    return unlocked;
  }
  keys.used(owner, clock.since_boot());
  auto known = ledger.keys();
  if (!known) return pass_on(known);
  const auto sharing = keys.sharing_token_with(owner);
  Json found = Json::array();
  for (const auto& row : *known) {
    if (std::ranges::find(sharing, row.owner) == sharing.end()) continue;
    auto loaded = keys.load(row);
    if (!loaded) {
      keys.lock(owner);
      keys.refresh();
      auto noted = note(work, "key.refused", "error", {{"owner", row.owner}, {"reason", printable(loaded.error().message)}});
      if (!noted) return noted;
      return loaded;
    }
    found.push_back({{"owner", row.owner}, {"public_key_sha256", to_hex(sha256(row.public_key))}});
  }
  keys.refresh();
  return note(work, "token.unlocked", "ok", {{"owner", owner}, {"keys", found}});
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
