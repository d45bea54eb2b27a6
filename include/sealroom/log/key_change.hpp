#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sealroom/crypto/public_key.hpp"
#include "sealroom/log/checkpoint.hpp"
#include "sealroom/log/entry.hpp"

// The keys of a log, one after the other. The log itself says when one took the place of another (docs/audit-log.md,
// Keys of the log).
namespace sealroom::log {

// What the ledger files the entries about the log's key under.
inline constexpr std::string_view kLogKeyTag = "key/log";

// Rotated: the old key signed for its successor. Replaced: it could not, because it was lost; people vouch for the new
// one.
enum class Succession { Rotated, Replaced };

std::string_view event_of(Succession how);  // "log.key-rotated", "log.key-replaced"

// One key takes the place of another, in entry number `size` of the log.
struct KeyChange {
  Succession how = Succession::Rotated;
  std::string origin;
  std::uint64_t size = 0;  // entries before this one
  Digest root{};           // of the tree over them
  PublicKey old_key;
  PublicKey new_key;
  std::string reason{};  // of a replacement: why the old key could not sign
};

// The text that the keys sign (ECDSA over SHA-256): "sealroom-log-key/1", "rotated" or "replaced", origin, size, root in
// base64, SHA-256 of the old and of the new SubjectPublicKeyInfo in hexadecimal, each ended by a line feed. No checkpoint
// reads like it: that has three lines. The reason stands in the entry alone.
std::string statement_of(const KeyChange& change);

// The members of the entry's details that tell of the change. `old_signature` is empty where the key was replaced.
Json details_of(const KeyChange& change, ByteView old_signature, ByteView new_signature);

// The change that `entry` tells of; nothing when it is no entry of this kind. Its signatures were verified, and it says
// of itself which entry it is; its root is for callers to compare. Errors: Integrity.
Result<std::optional<KeyChange>> key_change_in(const Entry& entry);

// The keys of one log in the order in which they were in force.
class LogKeys {
 public:
  explicit LogKeys(PublicKey first) : first_(std::move(first)) {}

  // Error (Integrity) unless `change` comes after every other and succeeds the newest key.
  Result<Done> add(KeyChange change);

  // Whose signature a checkpoint over `size` entries needs: a change is in force from the checkpoint on that covers it.
  const PublicKey& signer_of(std::uint64_t size) const;

  const PublicKey& newest() const { return changes_.empty() ? first_ : changes_.back().new_key; }
  const std::vector<KeyChange>& changes() const { return changes_; }
  std::vector<PublicKey> newest_first() const;

 private:
  PublicKey first_;
  std::vector<KeyChange> changes_;
};

// Reads a signed note as verify_note() with one key does, under the key that signs checkpoints of its size. A key that
// was the log's at another time is an error of its own. Errors: Integrity.
Result<Checkpoint> verify_note(std::string_view note, const LogKeys& keys);

}  // namespace sealroom::log
