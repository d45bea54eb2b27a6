#pragma once

#include <array>
#include <optional>

#include "database.hpp"
#include "sealroom/log/key_change.hpp"

namespace sealroom::ledger {

inline constexpr const char* kDamagedHint =
    "keep a copy of the home as it is; compare with the newest export, then restore";

std::unexpected<Error> wrong_entry(std::uint64_t seq, std::string_view what);

// Replay builds the log again from its lines alone and compares it with what is stored.
class Replay {
 public:
  // From the first entry on.
  explicit Replay(sqlite::Connection& connection) : connection_(connection) {}

  // From entry `size` on, trusting what is stored of those before.
  static Result<Replay> from(sqlite::Connection& connection, std::uint64_t size);

  Result<Done> add(std::uint64_t seq, std::string_view line);

  // Whether `stored` is a checkpoint over what was added, signed by the key then in force when there is one.
  Result<Done> compare(const CheckpointRow& stored, const std::optional<log::LogKeys>& keys) const;

  std::uint64_t size() const { return size_; }

 private:
  // The newest complete node of each level. The nodes that RFC 6962 asks for at the right edge are always these.
  log::NodeReader edge() const {
    return [this](unsigned level, std::uint64_t) { return Result<Digest>(edge_[level]); };
  }

  sqlite::Connection& connection_;
  std::array<Digest, 64> edge_{};
  std::uint64_t size_ = 0;
  Digest previous_{};
};

// Adds every line that is not in `replay` yet, and compares each checkpoint of a size that it comes by. Error
// (Integrity) also when a checkpoint speaks of more entries than there are.
Result<Done> replay_rest(sqlite::Connection& connection, Replay& replay, const std::optional<log::LogKeys>& keys);

// The keys of the log, as its entries tell of them; nothing before one is made. Error (Integrity) when the newest is not
// the one that the ledger's row has.
Result<std::optional<log::LogKeys>> log_keys(sqlite::Connection& connection);

// Every entry since the newest checkpoint, that checkpoint's signature and the tree below it.
Result<Done> check_tail(sqlite::Connection& connection);

}  // namespace sealroom::ledger
