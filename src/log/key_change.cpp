#include "sealroom/log/key_change.hpp"

#include <algorithm>
#include <ranges>

#include <fmt/format.h>

#include "sealroom/crypto/crypto.hpp"

namespace sealroom::log {
namespace {

constexpr std::string_view kStatementType = "sealroom-log-key/1";

std::unexpected<Error> refuse(std::uint64_t seq, std::string_view reason) {
  return fail(ErrorKind::Integrity, fmt::format("log entry {}: change of the log's key: {}", seq, reason));
}

std::string text_in(const Json& details, const char* name) {
  const auto found = details.find(name);
  return found != details.end() && found->is_string() ? found->get<std::string>() : std::string();
}

// The key in base64 of its DER, with its digest beside it.
std::optional<PublicKey> key_in(const Json& details, const char* name, const char* digest_name) {
  const auto der = from_base64(text_in(details, name));
  if (!der) return std::nullopt;
  auto key = PublicKey::parse(*der);
  if (!key || key->type() != KeyType::EcP256 || to_hex(key->digest()) != text_in(details, digest_name)) {
    return std::nullopt;
  }
  return std::move(*key);
}

bool is_signed(const Json& details, const char* name, const PublicKey& key, const std::string& statement) {
  const auto signature = from_base64(text_in(details, name));
  return signature && key.verifies(as_bytes(statement), *signature, HashAlgorithm::Sha256);
}

}  // namespace

std::string_view event_of(Succession how) {
  return how == Succession::Rotated ? "log.key-rotated" : "log.key-replaced";
}

std::string statement_of(const KeyChange& change) {
  return fmt::format("{}\n{}\n{}\n{}\n{}\n{}\n{}\n", kStatementType,
                     change.how == Succession::Rotated ? "rotated" : "replaced", change.origin, change.size,
                     to_base64(change.root), to_hex(change.old_key.digest()), to_hex(change.new_key.digest()));
}

Json details_of(const KeyChange& change, ByteView old_signature, ByteView new_signature) {
  Json details{{"origin", change.origin},
               {"size", change.size},
               {"root", to_hex(change.root)},
               {"old_public_key", to_base64(change.old_key.der())},
               {"old_public_key_sha256", to_hex(change.old_key.digest())},
               {"public_key", to_base64(change.new_key.der())},
               {"public_key_sha256", to_hex(change.new_key.digest())},
               {"signature", to_base64(new_signature)}};
  if (change.how == Succession::Rotated) details["old_signature"] = to_base64(old_signature);
  if (change.how == Succession::Replaced) details["reason"] = change.reason;
  return details;
}

Result<std::optional<KeyChange>> key_change_in(const Entry& entry) {
  const bool rotated = entry.event.name == event_of(Succession::Rotated);
  if (!rotated && entry.event.name != event_of(Succession::Replaced)) return std::nullopt;
  const auto& details = entry.event.details;
  auto old_key = key_in(details, "old_public_key", "old_public_key_sha256");
  auto new_key = key_in(details, "public_key", "public_key_sha256");
  if (!old_key || !new_key) return refuse(entry.seq, "its keys are not EC P-256 keys with their digests");
  const auto root = digest_from_hex(text_in(details, "root"));
  const auto size = details.find("size");
  const KeyChange change{.how = rotated ? Succession::Rotated : Succession::Replaced,
                         .origin = text_in(details, "origin"),
                         .size = entry.seq,
                         .root = root.value_or(Digest{}),
                         .old_key = std::move(*old_key),
                         .new_key = std::move(*new_key),
                         .reason = text_in(details, "reason")};
  if (!root || size == details.end() || *size != entry.seq) {
    return refuse(entry.seq, "it does not say which entry it is");
  }
  const auto statement = statement_of(change);
  if (!is_signed(details, "signature", change.new_key, statement)) {
    return refuse(entry.seq, "the new key has not signed it");
  }
  if (rotated && !is_signed(details, "old_signature", change.old_key, statement)) {
    return refuse(entry.seq, "the old key has not signed it");
  }
  return std::optional(change);
}

Result<Done> LogKeys::add(KeyChange change) {
  if (!changes_.empty() && change.size <= changes_.back().size) {
    return refuse(change.size, "does not come after the one before it");
  }
  if (change.old_key.digest() != newest().digest())
    return refuse(change.size, "does not succeed the key then in force");
  changes_.push_back(std::move(change));
  return Done{};
}

const PublicKey& LogKeys::signer_of(std::uint64_t size) const {
  const auto later = std::ranges::find_if(changes_, [&](const KeyChange& change) { return change.size >= size; });
  return later == changes_.end() ? newest() : later->old_key;
}

std::vector<PublicKey> LogKeys::newest_first() const {
  std::vector<PublicKey> keys;
  for (const auto& change : changes_ | std::views::reverse) keys.push_back(change.new_key);
  keys.push_back(first_);
  return keys;
}

Result<Checkpoint> verify_note(std::string_view note, const LogKeys& keys) {
  auto told = read_note(note);
  if (!told) return told;
  const auto& signer = keys.signer_of(told->size);
  auto verified = verify_note(note, signer);
  if (verified) return verified;
  for (const auto& key : keys.newest_first()) {
    if (!verify_note(note, key)) continue;
    return fail(ErrorKind::Integrity,
                fmt::format("checkpoint: of {} entries: the log's key was then {}, and {} signed it", told->size,
                            to_hex(signer.digest()), to_hex(key.digest())));
  }
  return verified;
}

}  // namespace sealroom::log
