#include "stored_keys.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <set>

#include <fmt/format.h>

#include "sealroom/base/text.hpp"
#include "sealroom/crypto/crypto.hpp"
#include "sealroom/issuance/recovery.hpp"

namespace sealroom {
namespace {

using Name = std::pair<std::string, std::string>;  // CKA_ID, digest of the public key

// What the log tells of the keys on one token.
struct Told {
  std::map<Name, std::string> owners;  // of keys that were generated or adopted, and not destroyed
  std::set<Name> foreign;
};

bool binds(const log::Event& event) {
  return event.name == "key.generated" || event.name == "key.adopted" || event.name.starts_with("log.key-");
}

// Has `take` look at every entry with this tag that is about the token.
Result<Done> each_about(const Ledger& ledger, const std::string& token_serial, const std::string& tag,
                        const std::function<void(const log::Event&, Name)>& take) {
  auto size = ledger.log_size();
  if (!size) return pass_on(size);
  return ledger.each_line(0, *size, tag, [&](std::uint64_t, std::string_view line) -> Result<Done> {
    auto entry = log::parse_line(line);
    if (!entry) return pass_on(entry);
    const auto& details = entry->event.details;
    if (details.value("token_serial", "") == token_serial)
      take(entry->event, {details.value("key_id", ""), details.value("public_key_sha256", "")});
    return Done{};
  });
}

Result<Told> told_of(const Work& work, const std::string& token_serial) {
  const auto& ledger = work.appliance.ledger;
  Told told;
  for (const auto& owner : work.appliance.keys.owners()) {
    auto read = each_about(ledger, token_serial, key_tag(owner), [&](const log::Event& event, Name name) {
      if (event.name == "key.destroyed") told.owners.erase(name);
      if (binds(event)) told.owners.insert_or_assign(std::move(name), owner);
    });
    if (!read) return pass_on(read);
    read = each_about(ledger, token_serial, foreign_tag(owner),
                      [&](const log::Event&, Name name) { told.foreign.insert(std::move(name)); });
    if (!read) return pass_on(read);
  }
  return told;
}

StoredKey standing_of(TokenPrivateKey key, const std::string& token_serial, const std::vector<KeyRow>& known,
                      const Told& told) {
  const auto bound = std::ranges::find_if(known, [&](const KeyRow& row) {
    // A token that does not tell the public half, or two that differ, makes it no other key.
    const bool fits = !key.public_key || key.digest() == sha256(row.public_key);
    return row.token_serial == token_serial && row.key_id == key.key_id && fits;
  });
  if (bound != known.end()) return {std::move(key), KeyStanding::Bound, bound->owner};
  const Name name{to_hex(key.key_id), digest_text(key)};
  const auto former = told.owners.find(name);
  if (former != told.owners.end()) return {std::move(key), KeyStanding::Former, former->second};
  return {std::move(key), told.foreign.contains(name) ? KeyStanding::Foreign : KeyStanding::Unknown, ""};
}

Result<Done> close_destruction(const Work& work, const Token& token, const OpenKeyIntent& intent) {
  auto present = token.private_keys();
  if (!present) return pass_on(present);
  const bool there = std::ranges::any_of(*present, [&](const TokenPrivateKey& key) {
    return key.key_id == intent.key_id && key.digest() == intent.public_key;
  });
  // Of a pair that was destroyed half-way the rest goes; without a rest this says that there is none.
  if (!there) static_cast<void>(token.destroy_key(intent.key_id, intent.public_key).has_value());
  Json details{{"owner", intent.owner},
               {"token_serial", intent.token_serial},
               {"key_id", to_hex(intent.key_id)},
               {"public_key_sha256", intent.public_key ? to_hex(*intent.public_key) : ""}};
  if (there) details["reason"] = "the daemon ended while the token was asked, and the key is still there";
  auto receipt = record(work,
                        there ? log::Event{.name = "key.destruction-failed", .outcome = "error", .details = details}
                              : log::Event{.name = "key.destroyed", .outcome = "ok", .details = details},
                        key_tag(intent.owner));
  if (!receipt) return pass_on(receipt);
  return Done{};
}

}  // namespace

std::string foreign_tag(std::string_view owner) { return fmt::format("foreign/{}", owner); }

std::string digest_text(const TokenPrivateKey& key) { return key.public_key ? to_hex(key.public_key->digest()) : ""; }

Json details_of(const TokenPrivateKey& key) {
  return {{"key_id", to_hex(key.key_id)},
          {"label", key.label},
          {"algorithm", key.algorithm},
          {"public_key_sha256", digest_text(key)}};
}

Result<bool> holds(const Token& token, const KeyRow& row) {
  auto keys = token.private_keys();
  if (!keys) return pass_on(keys);
  return std::ranges::any_of(*keys, [&](const TokenPrivateKey& key) {
    return key.key_id == row.key_id || key.digest() == sha256(row.public_key);
  });
}

Result<Done> look_again(const Work& work, std::string_view owner) {
  auto& appliance = work.appliance;
  auto looked = look_at_keys(work, owner);
  if (!looked) return pass_on(looked);
  appliance.keys.used(owner, appliance.clock.since_boot());
  appliance.keys.refresh();
  auto covered = checkpoint_if_unlocked(work);
  if (!covered) return pass_on(covered);
  return Done{};
}

std::unexpected<Error> refuse_key(const Work& work, std::string_view owner, const Error& why) {
  auto noted = record(
      work,
      {.name = "key.refused", .outcome = "error", .details = {{"owner", owner}, {"reason", printable(why.message)}}});
  return std::unexpected(noted ? why : noted.error());
}

Result<Json> look_at_keys(const Work& work, std::string_view owner) {
  auto& keys = work.appliance.keys;
  auto token = keys.token(owner);
  if (!token) return pass_on(token);
  const auto serial = (*token)->info().serial;
  auto present = (*token)->private_keys();
  if (!present) return pass_on(present);
  auto known = work.appliance.ledger.keys();
  if (!known) return pass_on(known);
  auto told = told_of(work, serial);
  if (!told) return pass_on(told);

  std::vector<StoredKey> stored;
  Json unknown = Json::array();
  for (auto& key : *present) {
    stored.push_back(standing_of(std::move(key), serial, *known, *told));
    if (stored.back().standing == KeyStanding::Unknown) unknown.push_back(details_of(stored.back().key));
  }
  keys.remember(owner, std::move(stored));
  return unknown;
}

Result<Done> close_destructions(const Work& work, std::string_view owner) {
  auto& keys = work.appliance.keys;
  auto token = keys.token(owner);
  if (!token) return pass_on(token);
  for (const auto& sharing : keys.sharing_token_with(owner)) {
    auto intent = open_key_intent(work.appliance.ledger, sharing);
    if (!intent) return pass_on(intent);
    if (!*intent || (*intent)->act != KeyAct::Destruction || (*intent)->token_serial != (*token)->info().serial)
      continue;
    auto closed = close_destruction(work, **token, **intent);
    if (!closed) return closed;
  }
  return Done{};
}

}  // namespace sealroom
