#include <algorithm>

#include <fmt/format.h>

#include "answers.hpp"
#include "sealroom/base/text.hpp"
#include "token_state.hpp"

namespace sealroom {
namespace {

// A half that cannot be understood (an unknown curve of another application's key) tells nothing, and must not hide the
// other keys. A token that fails altogether says so when its private keys are listed.
std::optional<PublicKey> told_by(const ObjectReader& objects, CK_OBJECT_HANDLE handle) {
  auto key = objects.public_key(handle);
  return key ? std::move(*key) : std::nullopt;
}

// The public key objects with this CKA_ID, each with what it holds.
struct PublicHalf {
  CK_OBJECT_HANDLE handle;
  PublicKey key;
};

Result<std::vector<PublicHalf>> public_halves(const ObjectReader& objects, const Bytes& id) {
  auto handles = objects.find(CKO_PUBLIC_KEY, id);
  if (!handles) return pass_on(handles);
  std::vector<PublicHalf> halves;
  for (const auto handle : *handles) {
    auto key = told_by(objects, handle);
    if (key) halves.push_back({handle, std::move(*key)});
  }
  return halves;
}

bool has_type(const PublicKey& key, CK_KEY_TYPE type) { return (key.type() == KeyType::Rsa) == (type == CKK_RSA); }

// The public key of `object`: its own word where it is RSA, else that of the one public key with its CKA_ID.
Result<std::optional<PublicKey>> public_key_of(const ObjectReader& objects, const PrivateKeyObject& object) {
  if (object.type == CKK_RSA) return told_by(objects, object.handle);
  auto halves = public_halves(objects, object.id);
  if (!halves) return pass_on(halves);
  std::erase_if(*halves, [&](const PublicHalf& half) { return !has_type(half.key, object.type); });
  const auto differs = [&](const PublicHalf& half) { return half.key.digest() != halves->front().key.digest(); };
  if (halves->empty() || std::ranges::any_of(*halves, differs)) return std::optional<PublicKey>();
  return std::optional(std::move(halves->front().key));
}

std::string algorithm_of(CK_KEY_TYPE type, const std::optional<PublicKey>& key) {
  if (key) return key->description();
  if (type == CKK_RSA) return "RSA";
  if (type == CKK_EC) return "EC";
  return fmt::format("key type 0x{:x}", type);
}

Result<Done> destroy(const ObjectReader& objects, const std::vector<CK_OBJECT_HANDLE>& doomed, std::string_view what,
                     std::string_view left) {
  for (const auto object : doomed) {
    const CK_RV answer = objects.functions()->C_DestroyObject(objects.session(), object);
    if (answer == CKR_OK) continue;
    return fail(ErrorKind::Token,
                fmt::format("{}: {} cannot be destroyed: {}; {}", objects.name(), what, describe(answer), left),
                "destroy it with the vendor's tool");
  }
  return Done{};
}

}  // namespace

Result<std::vector<TokenPrivateKey>> Token::private_keys() const {
  auto& login = state_->login;
  const std::unique_lock alone(login->gate());
  if (auto checked = login->check(); !checked) return pass_on(checked);
  const auto objects = login->objects();
  auto listed = list_private_keys(objects);
  if (!listed) return pass_on(listed);
  std::vector<TokenPrivateKey> keys;
  for (const auto& object : *listed) {
    auto key = public_key_of(objects, object);
    if (!key) return pass_on(key);
    auto algorithm = algorithm_of(object.type, *key);
    keys.push_back({printable(object.label), object.id, std::move(algorithm), std::move(*key)});
  }
  return keys;
}

Result<Done> Token::destroy_key(const Bytes& key_id, const std::optional<Digest>& public_key) const {
  auto& login = state_->login;
  const std::unique_lock alone(login->gate());
  if (auto checked = login->check(); !checked) return pass_on(checked);
  const auto objects = login->objects();
  const auto name = fmt::format("key with id {}", to_hex(key_id));

  auto listed = list_private_keys(objects);
  if (!listed) return pass_on(listed);
  std::vector<CK_OBJECT_HANDLE> privates;
  for (const auto& object : *listed) {
    if (object.id != key_id) continue;
    auto key = public_key_of(objects, object);
    if (!key) return pass_on(key);
    if ((*key ? std::optional((*key)->digest()) : std::nullopt) == public_key) privates.push_back(object.handle);
  }
  std::vector<CK_OBJECT_HANDLE> publics;
  auto halves = public_halves(objects, key_id);
  if (!halves) return pass_on(halves);
  for (const auto& half : *halves) {
    if (half.key.digest() == public_key) publics.push_back(half.handle);
  }

  if (privates.size() > 1) {
    return fail(ErrorKind::Token,
                fmt::format("{}: has {} private keys like the {}", objects.name(), privates.size(), name),
                "tell them apart and destroy the right one with the vendor's tool");
  }
  if (privates.empty() && publics.empty()) {
    return fail(ErrorKind::Token, fmt::format("{}: has no {} and this public key", objects.name(), name));
  }
  auto done = destroy(objects, privates, "private " + name, "nothing was destroyed");
  if (!done) return done;
  return destroy(objects, publics, "public half of the " + name, "the private key is destroyed");
}

}  // namespace sealroom
