#include "signed_head.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "sealroom/log/merkle.hpp"
#include "sealroom/log/proof.hpp"

namespace sealroom::audit {
std::optional<SignedHead> read_head(ExportedFiles& files, const std::string& checkpoint, const log::LogKeys& keys,
                                    Complaints& complaints, Verification& verification) {
  const auto note = files.text(checkpoint);
  if (!note) return std::nullopt;
  auto verified = log::verify_note(*note, keys);
  if (!verified) {
    complaints.add("verify.checkpoint", fmt::format("{}: {}", checkpoint, verified.error().message));
    return std::nullopt;
  }
  const bool after_changes = keys.changes().empty() || keys.changes().back().size < verified->size;
  complaints.require(after_changes, "verify.log-key-change",
                     fmt::format("{}: does not cover the newest change of the log's key", checkpoint));
  verification.seen.push_back(fmt::format("the checkpoint of {} covers {} entries, and the log's key signed it",
                                          verified->origin, verified->size));
  return SignedHead{.note = *note, .checkpoint = std::move(*verified), .keys = keys};
}

Result<log::Checkpoint> verify_kept(const SignedHead& head, const Anchors& anchors) {
  auto verified = log::verify_note(anchors.since, head.keys);
  if (verified) return verified;
  for (const auto& key : anchors.log_keys) {
    const auto newer = log::verify_note(anchors.since, key);
    if (newer && newer->size > head.checkpoint.size) return newer;
  }
  return verified;
}

void compare_since(const SignedHead& head, const std::vector<log::Checkpoint>& known, const Anchors& anchors,
                   Complaints& complaints, Verification& verification) {
  if (anchors.since.empty()) return;
  const auto wrong = [&](std::string detail) { complaints.add("verify.since", "--since: " + std::move(detail)); };
  const auto since = verify_kept(head, anchors);
  if (!since) return wrong(since.error().message);
  if (since->origin != head.checkpoint.origin) {
    return wrong(fmt::format("is of the log {}, and the export of {}", since->origin, head.checkpoint.origin));
  }
  const bool later = since->size > head.checkpoint.size;
  // Every entry of the kept checkpoint must be in a whole log; a proof would say nothing of those that are not there.
  if (later && verification.kind == ExportKind::Log) {
    return wrong(fmt::format("covers {} entries, and the export only {}: it is older, or was shortened", since->size,
                             head.checkpoint.size));
  }
  const auto same = std::ranges::find(known, since->size, &log::Checkpoint::size);
  if (same != known.end()) {
    if (same->root != since->root) return wrong(fmt::format("the log had another root at {} entries", since->size));
  } else {
    const auto proof = log::parse_consistency_proof(anchors.consistency);
    const auto& [older, newer] =
        std::minmax(*since, head.checkpoint, [](const auto& a, const auto& b) { return a.size < b.size; });
    if (anchors.consistency.empty() || !proof || proof->from != older.size || proof->to != newer.size) {
      return wrong(fmt::format("needs --proof with what `sealroom audit prove --from {} --to {}` prints", older.size,
                               newer.size));
    }
    if (!log::verify_consistency(older.size, older.root, newer.size, newer.root, proof->hashes)) {
      return wrong(fmt::format("the log of {} entries does not continue the one of {}", newer.size, older.size));
    }
  }
  verification.seen.push_back(
      later ? fmt::format("the checkpoint of {} entries that was kept continues the one of this export", since->size)
            : fmt::format("the log continues the checkpoint of {} entries that was kept from before", since->size));
}

}  // namespace sealroom::audit
