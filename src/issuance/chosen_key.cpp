#include "chosen_key.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "sealroom/base/text.hpp"
#include "stored_keys.hpp"

namespace sealroom {
namespace {

constexpr std::size_t kDigits = 8;  // that tell one key from another, and that a person types

bool is_meant(const std::string& text, const TokenPrivateKey& key) {
  return text == key.label || text == to_hex(key.key_id) ||
         (text.size() >= kDigits && digest_text(key).starts_with(text));
}

}  // namespace

std::string confirmation_of(const TokenPrivateKey& key) {
  const auto digits = key.public_key ? digest_text(key) : to_hex(key.key_id);
  return digits.size() > kDigits ? digits.substr(digits.size() - kDigits) : digits;
}

Result<StoredKey> chosen_key(const Work& work, const KeyChoice& choice, const std::optional<Digest>& expected) {
  auto& keys = work.appliance.keys;
  auto open = keys.token(choice.owner);
  if (!open) return pass_on(open);
  auto looked = look_at_keys(work, choice.owner);
  if (!looked) return pass_on(looked);
  auto stored = keys.stored(choice.owner);
  std::erase_if(stored, [&](const StoredKey& each) {
    if (!choice.key.empty()) return !is_meant(choice.key, each.key);
    return expected ? each.key.digest() != *expected : each.standing != KeyStanding::Unknown;
  });
  if (stored.size() == 1) return std::move(stored.front());
  const auto wanted = choice.key.empty() ? expected ? "with the public key of " + choice.owner : std::string("unknown")
                                         : fmt::format("\"{}\"", printable(choice.key));
  return fail(ErrorKind::Usage,
              fmt::format("the token of {} has {} private key {}", choice.owner,
                          stored.empty() ? "no" : fmt::format("more than one ({})", stored.size()), wanted),
              "see `sealroom key list`, and name it by its id");
}

Result<Done> is_confirmed(const KeyChoice& choice, const TokenPrivateKey& key) {
  const auto wanted = confirmation_of(key);
  if (!wanted.empty() && choice.confirmed == wanted) return Done{};
  return fail(ErrorKind::NeedsPerson,
              fmt::format("key \"{}\": a person must type the last eight digits of its {}", key.label,
                          key.public_key ? "public key's SHA-256" : "id"),
              "see `sealroom key list`, compare with your record, and give them by --confirm or when asked");
}

Result<Done> has_reason(const KeyChoice& choice) {
  if (!choice.reason.empty() && choice.reason == printable(choice.reason)) return Done{};
  return fail(ErrorKind::Usage, "a reason in plain ASCII is missing, which the log keeps for ever", "--reason \"WHY\"");
}

}  // namespace sealroom
