#include <algorithm>

#include <fmt/format.h>

#include "key_intent.hpp"
#include "sealroom/base/text.hpp"
#include "sealroom/issuance/recovery.hpp"

// The life of an owner's key is told under one tag. What a token is asked to do with it stands there before, and what came
// of it after; so an intent is open when nothing stands behind it.
namespace sealroom {
namespace {

struct ActEvent {
  KeyAct act;
  std::string_view name;
  std::string_view intent;  // the event
  std::string_view reason;  // when it is abandoned
};

constexpr ActEvent kActs[] = {
    {KeyAct::Generation, "generation", "key.generating", "the daemon ended while the token was asked for this key"},
    {KeyAct::Destruction, "destruction", "key.destroying",
     "the daemon ended while the token was asked to destroy this key"},
    {KeyAct::Request, "request", "issuer.requesting",
     "the daemon ended while the token was asked to sign the owner's own request"}};

const ActEvent& event_of(KeyAct act) { return *std::ranges::find(kActs, act, &ActEvent::act); }

}  // namespace

std::string_view name_of(KeyAct act) { return event_of(act).name; }

std::string key_tag(std::string_view owner) { return fmt::format("key/{}", owner); }

Result<std::optional<OpenKeyIntent>> open_key_intent(const Ledger& ledger, std::string_view owner) {
  auto newest = newest_entry(ledger, key_tag(owner));
  if (!newest) return pass_on(newest);
  if (!*newest) return std::nullopt;
  const auto& event = (*newest)->event;
  const auto* begun = std::ranges::find(kActs, std::string_view(event.name), &ActEvent::intent);
  if (begun == std::end(kActs)) return std::nullopt;
  return std::optional(OpenKeyIntent{.owner = std::string(owner),
                                     .act = begun->act,
                                     .label = event.details.value("label", ""),
                                     .token_serial = event.details.value("token_serial", ""),
                                     .key_id = from_hex(event.details.value("key_id", "")).value_or(Bytes()),
                                     .public_key = digest_from_hex(event.details.value("public_key_sha256", ""))});
}

Result<Done> close_intent(Change& change, const OpenKeyIntent& intent) {
  auto seq = change.append({.name = "key.abandoned",
                            .outcome = "error",
                            .details = {{"owner", intent.owner},
                                        {"label", intent.label},
                                        {"token_serial", intent.token_serial},
                                        {"intent", name_of(intent.act)},
                                        {"reason", event_of(intent.act).reason}}},
                           key_tag(intent.owner));
  if (!seq) return pass_on(seq);
  return Done{};
}

Result<Done> close_open_intent(const Work& work, Change& change, std::string_view owner) {
  auto open = open_key_intent(work.appliance.ledger, owner);
  if (!open) return pass_on(open);
  return *open ? close_intent(change, **open) : Done{};
}

Result<Done> note_intent(const Work& work, std::string_view owner, const log::Event& intent) {
  auto change = work.begin();
  if (!change) return pass_on(change);
  auto closed = close_open_intent(work, *change, owner);
  if (!closed) return closed;
  auto seq = change->append(intent, key_tag(owner));
  if (!seq) return pass_on(seq);
  auto receipt = std::move(*change).commit();
  if (!receipt) return pass_on(receipt);
  return Done{};
}

log::Event generating(std::string_view owner, const KeySpec& spec, std::string_view label,
                      std::string_view token_serial) {
  return {
      .name = "key.generating",
      .outcome = "ok",
      .details = {
          {"owner", owner}, {"algorithm", spec.text()}, {"label", printable(label)}, {"token_serial", token_serial}}};
}

}  // namespace sealroom
