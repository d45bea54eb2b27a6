#include "token_key.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <openssl/err.h>

#include "sealroom/base/text.hpp"
#include "sealroom/crypto/crypto.hpp"
#include "token_state.hpp"

namespace sealroom {
namespace {

// Not the beginning of any DER SEQUENCE, so nobody can take a trial signature for one over a certificate.
constexpr std::string_view kTrial = "sealroom trial signature";

bool same_key(const PublicKey& a, const PublicKey& b) {
  const bool same = EVP_PKEY_eq(a.get(), b.get()) == 1;
  openssl_errors();
  return same;
}

Result<PrivateKeyObject> find_object(const ObjectReader& objects, const TokenUri& uri) {
  auto keys = list_usable_private_keys(objects);
  if (!keys) return pass_on(keys);
  std::erase_if(*keys, [&](const PrivateKeyObject& key) {
    return (!uri.object().empty() && key.label != uri.object()) || (!uri.id().empty() && key.id != uri.id());
  });
  if (keys->size() == 1) return std::move(keys->front());
  std::string wanted;
  if (!uri.object().empty()) wanted += fmt::format(" '{}'", printable(uri.object()));
  if (!uri.id().empty()) wanted += fmt::format(" with id {}", to_hex(uri.id()));
  if (keys->empty()) return fail(ErrorKind::Token, fmt::format("{}: has no private key{}", objects.name(), wanted));
  return fail(ErrorKind::Token, fmt::format("{}: has {} private keys{}", objects.name(), keys->size(), wanted),
              "name the key by id=... in its URI, or remove the others");
}

// Whether the token's own account of `key`'s public half agrees with `expected`. Several public objects may bear one
// CKA_ID; one that agrees is enough, because the trial signature has the last word.
Result<Done> compare_public_half(const ObjectReader& objects, const PrivateKeyObject& key, const PublicKey& expected) {
  auto candidates = objects.find(CKO_PUBLIC_KEY, key.id);
  if (!candidates) return pass_on(candidates);
  if (key.type == CKK_RSA) candidates->push_back(key.handle);
  std::string others;
  for (const auto candidate : *candidates) {
    auto half = objects.public_key(candidate);
    if (!half) return pass_on(half);
    if (!*half) continue;
    if (same_key(**half, expected)) return Done{};
    others = fmt::format(" ({}, SHA-256 {})", (*half)->description(), to_hex((*half)->digest()).substr(0, 16));
  }
  if (others.empty()) {
    return fail(ErrorKind::Token,
                fmt::format("{}: key '{}' has no public half on the token", objects.name(), printable(key.label)));
  }
  return fail(
      ErrorKind::Token,
      fmt::format("{}: key '{}' has another public key{} than expected ({}, SHA-256 {})", objects.name(),
                  printable(key.label), others, expected.description(), to_hex(expected.digest()).substr(0, 16)),
      "check that this is the right token, and that the URI names the right key");
}

}  // namespace

Result<FoundKey> find_key(const ObjectReader& objects, const TokenUri& uri, const PublicKey& expected,
                          KeyHistory history) {
  auto object = find_object(objects, uri);
  if (!object) return pass_on(object);
  auto attributes = read_key_attributes(objects, object->handle);
  if (!attributes) return pass_on(attributes);
  const auto complaint = attributes->complaint_for(history);
  if (!complaint.empty()) {
    return fail(ErrorKind::Token,
                fmt::format("{}: key '{}' must not be used: {}", objects.name(), printable(object->label), complaint),
                attributes->complaint.empty()
                    ? "a vendor's restored copy must be adopted first; any other key cannot be"
                      " trusted: generate a new one in a ceremony"
                    : "generate a new key in a ceremony");
  }
  if (auto compared = compare_public_half(objects, *object, expected); !compared) return pass_on(compared);
  return FoundKey{std::move(*object), std::move(*attributes)};
}

Result<Bytes> TokenKey::State::sign(ByteView message, HashAlgorithm hash) const {
  ERR_clear_error();
  const OwnedDigestContext context(EVP_MD_CTX_new());
  Bytes signature(static_cast<std::size_t>(EVP_PKEY_get_size(key.get())));
  std::size_t size = signature.size();
  if (!context || EVP_DigestSignInit(context.get(), nullptr, evp_of(hash), nullptr, key.get()) != 1 ||
      EVP_DigestSign(context.get(), signature.data(), &size, message.data(), message.size()) != 1) {
    return fail(ErrorKind::Token, fmt::format("{}: signature: {}", login->name(), libp11_errors()),
                "check the token and its connection, lock it and unlock it again");
  }
  signature.resize(size);
  return signature;
}

Result<std::unique_ptr<TokenKey::State>> take_into_use(const std::shared_ptr<Login>& login,
                                                       const PrivateKeyObject& object, const PublicKey& expected) {
  auto key = login->private_key(object.id, object.label);
  if (!key) return pass_on(key);
  auto state = std::make_unique<TokenKey::State>(TokenKey::State{login, expected, object.id, std::move(*key)});
  const auto trial = as_bytes(kTrial);
  const auto signature = state->sign(trial, HashAlgorithm::Sha256);
  if (!signature) return std::unexpected(signature.error());
  if (!expected.verifies(trial, *signature, HashAlgorithm::Sha256)) {
    return fail(ErrorKind::Token,
                fmt::format("{}: key '{}': the trial signature does not verify under the expected public key",
                            login->name(), printable(object.label)),
                "do not use this key; check the token");
  }
  return state;
}

TokenKey::TokenKey(std::unique_ptr<State> state) : state_(std::move(state)) {}
TokenKey::TokenKey(TokenKey&&) noexcept = default;
TokenKey& TokenKey::operator=(TokenKey&&) noexcept = default;
TokenKey::~TokenKey() = default;

const PublicKey& TokenKey::public_key() const { return state_->public_key; }
const Bytes& TokenKey::key_id() const { return state_->id; }
unsigned TokenKey::threads() const { return state_->login->threads(); }

Result<Bytes> TokenKey::sign(ByteView message, HashAlgorithm hash) const {
  auto& login = *state_->login;
  const std::shared_lock together(login.gate());
  if (auto opened = login.check_open(); !opened) return pass_on(opened);
  return state_->sign(message, hash);
}

Result<TokenKey> Token::key(const TokenUri& uri, const PublicKey& expected, KeyHistory history) const {
  auto& login = state_->login;
  const std::unique_lock alone(login->gate());
  if (auto checked = login->check(); !checked) return pass_on(checked);
  auto found = find_key(login->objects(), uri, expected, history);
  if (!found) return pass_on(found);
  auto state = take_into_use(login, found->object, expected);
  if (!state) return pass_on(state);
  return TokenKey(std::move(*state));
}

}  // namespace sealroom
