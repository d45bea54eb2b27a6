#include "sealroom/issuance/key_ring.hpp"

#include <algorithm>
#include <cstdlib>

#include <fmt/format.h>

namespace sealroom {
namespace {

std::string name_of(const TokenInfo& token) { return token.label + "/" + token.serial; }

}  // namespace

std::string_view name_of(KeyStanding standing) {
  switch (standing) {
    case KeyStanding::Bound: return "bound";
    case KeyStanding::Former: return "former";
    case KeyStanding::Foreign: return "foreign";
    case KeyStanding::Unknown: return "unknown";
  }
  std::abort();
}

KeyRing::KeyRing(std::shared_ptr<Module> module, const Configuration& configuration) : module_(std::move(module)) {
  for (const auto& [name, issuer] : configuration.issuers()) uris_.emplace(name, issuer.config.private_key());
  uris_.emplace(kLogOwner, configuration.log_key());
}

std::vector<std::string> KeyRing::owners() const {
  std::vector<std::string> names;
  for (const auto& [owner, uri] : uris_) {
    if (owner != kLogOwner) names.push_back(owner);
  }
  names.emplace_back(kLogOwner);
  return names;
}

Result<TokenUri> KeyRing::uri_of(std::string_view owner) const {
  const auto found = uris_.find(owner);
  if (found == uris_.end()) {
    return fail(ErrorKind::Usage, fmt::format("there is no issuer \"{}\" in sealroom.yaml", owner),
                "see `sealroom issuer list` for the issuers of this appliance");
  }
  return TokenUri::parse(found->second, fmt::format("key of {}", owner));
}

Result<Done> KeyRing::unlock(std::string_view owner, const Secret& pin, FinalTry final_try) {
  auto uri = uri_of(owner);
  if (!uri) return pass_on(uri);
  auto info = module_->find(*uri);
  if (!info) return pass_on(info, owner);
  const auto name = name_of(*info);
  if (!open_.contains(name)) {
    auto token = Token::unlock(module_, *uri, pin, final_try);
    if (!token) return pass_on(token, owner);
    open_.emplace(name, Open{std::make_unique<Token>(std::move(*token))});
  }
  for (const auto& [other, text] : uris_) {
    auto other_uri = TokenUri::parse(text, other);
    if (!other_uri) continue;
    auto other_info = module_->find(*other_uri);
    if (other_info && name_of(*other_info) == name) where_[other] = name;
  }
  return Done{};
}

Result<Done> KeyRing::is_token_of(const KeyRow& row) {
  auto unlocked_token = token(row.owner);
  if (!unlocked_token) return pass_on(unlocked_token);
  const auto& serial = (*unlocked_token)->info().serial;
  if (serial != row.token_serial) {
    return fail(ErrorKind::Token,
                fmt::format("{}: this token has serial {}, and the key was made on the one with serial {}", row.owner,
                            serial, row.token_serial),
                fmt::format("insert the token that the key was made on; a copy that its vendor's tool made is taken "
                            "into use by `sealroom key adopt {}`",
                            row.owner));
  }
  return Done{};
}

Result<Done> KeyRing::load(const KeyRow& row, KeyHistory history) {
  auto uri = uri_of(row.owner);
  if (!uri) return pass_on(uri);
  auto right = is_token_of(row);
  if (!right) return right;
  auto unlocked_token = token(row.owner);
  if (!unlocked_token) return pass_on(unlocked_token);
  auto expected = PublicKey::parse(row.public_key);
  if (!expected) return pass_on(expected, row.owner);
  auto key = (*unlocked_token)->key(uri->with_id(row.key_id), *expected, history);
  if (!key) return pass_on(key, row.owner);
  keys_.erase(row.owner);
  keys_.emplace(row.owner, std::move(*key));
  return Done{};
}

void KeyRing::lock(std::string_view owner) {
  const auto shared = sharing_token_with(owner);
  const auto name = token_name(owner);
  for (const auto& other : shared) {
    keys_.erase(other);
    compared_.erase(other);
    where_.erase(other);
  }
  open_.erase(name);
}

void KeyRing::lock_all() {
  keys_.clear();
  compared_.clear();
  where_.clear();
  open_.clear();
}

std::vector<std::string> KeyRing::idle(std::chrono::milliseconds now, std::chrono::seconds idle) const {
  std::vector<std::string> owners;
  for (const auto& [name, open] : open_) {
    if (now - open.last_used < idle) continue;
    for (const auto& [owner, where] : where_) {
      if (where == name) {
        owners.push_back(owner);
        break;
      }
    }
  }
  return owners;
}

void KeyRing::used(std::string_view owner, std::chrono::milliseconds now) {
  const auto found = open_.find(token_name(owner));
  if (found != open_.end()) found->second.last_used = now;
}

bool KeyRing::unlocked(std::string_view owner) const { return where_.contains(owner); }

bool KeyRing::usable(std::string_view owner) const { return keys_.contains(owner); }

std::vector<std::string> KeyRing::sharing_token_with(std::string_view owner) const {
  std::vector<std::string> owners;
  const auto name = token_name(owner);
  for (const auto& [other, where] : where_) {
    if (where == name) owners.push_back(other);
  }
  return owners;
}

void KeyRing::remember(std::string_view owner, std::vector<StoredKey> keys) {
  const auto found = open_.find(token_name(owner));
  if (found != open_.end()) found->second.stored = std::move(keys);
}

std::vector<StoredKey> KeyRing::stored(std::string_view owner) const {
  const auto found = open_.find(token_name(owner));
  return found == open_.end() ? std::vector<StoredKey>() : found->second.stored;
}

Result<Done> KeyRing::nothing_unknown(std::string_view owner) const {
  const auto unknown = std::ranges::count(stored(owner), KeyStanding::Unknown, &StoredKey::standing);
  if (unknown == 0) return Done{};
  return fail(ErrorKind::NeedsPerson,
              fmt::format("the token of {} holds {} private key(s) that nobody has decided about", owner, unknown),
              "see `sealroom key list`; then sealroom key adopt, destroy or foreign");
}

Result<const TokenKey*> KeyRing::key(std::string_view owner) const {
  auto decided = nothing_unknown(owner);
  if (!decided) return pass_on(decided);
  const auto found = keys_.find(owner);
  if (found != keys_.end()) return &found->second;
  if (unlocked(owner)) {
    return fail(ErrorKind::Token, fmt::format("the token of {} is unlocked, but its key is not usable", owner),
                "see `sealroom status`");
  }
  return fail(ErrorKind::NeedsPerson, fmt::format("the token of {} is locked", owner),
              fmt::format("sealroom unlock {}", owner));
}

Result<Token*> KeyRing::token(std::string_view owner) {
  const auto found = open_.find(token_name(owner));
  if (found != open_.end()) return found->second.token.get();
  return fail(ErrorKind::NeedsPerson, fmt::format("the token of {} is locked", owner),
              fmt::format("sealroom unlock {}", owner));
}

std::vector<const Token*> KeyRing::tokens() const {
  std::vector<const Token*> tokens;
  for (const auto& [name, open] : open_) tokens.push_back(open.token.get());
  return tokens;
}

void KeyRing::compared(std::string_view owner, std::string_view standing) {
  const std::lock_guard guard(mutex_);
  for (const auto& other : sharing_token_with(owner)) {
    compared_.insert_or_assign(other, std::string(standing));
    for (auto& state : states_) {
      if (state.owner == other) state.compared = standing;
    }
  }
}

std::optional<Bytes> KeyRing::token_random() const {
  for (const auto& [name, open] : open_) {
    auto octets = open.token->random(32);
    if (octets) return *octets;
  }
  return std::nullopt;
}

void KeyRing::refresh() {
  std::vector<KeyState> states;
  for (const auto& owner : owners()) {
    KeyState state;
    state.owner = owner;
    state.uri = uris_.find(owner)->second;
    auto uri = uri_of(owner);
    auto info = uri ? module_->find(*uri) : Result<TokenInfo>(pass_on(uri));
    if (info) {
      state.token = *info;
    } else {
      state.trouble = info.error().message;
    }
    state.unlocked = unlocked(owner);
    state.usable = usable(owner);
    if (const auto found = compared_.find(owner); found != compared_.end()) state.compared = found->second;
    state.stored = stored(owner);
    states.push_back(std::move(state));
  }
  const std::lock_guard guard(mutex_);
  states_ = std::move(states);
}

std::vector<KeyState> KeyRing::states() const {
  const std::lock_guard guard(mutex_);
  return states_;
}

std::string KeyRing::token_name(std::string_view owner) const {
  const auto found = where_.find(owner);
  return found == where_.end() ? std::string() : found->second;
}

}  // namespace sealroom
