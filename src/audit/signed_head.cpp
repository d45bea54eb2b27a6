#include "signed_head.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "sealroom/log/merkle.hpp"
#include "sealroom/log/proof.hpp"
#include "sealroom/x509/pem.hpp"

namespace sealroom::audit {
namespace {

std::vector<PublicKey> read_keys(ExportedFiles& files, const std::string& path, Complaints& complaints) {
  std::vector<PublicKey> keys;
  const auto text = files.text(path);
  if (!text) return keys;
  const auto ders = read_public_keys(*text, path);
  std::string canonical;
  if (ders) {
    for (const auto& der : *ders) {
      canonical += to_pem("PUBLIC KEY", der);
      if (auto key = PublicKey::parse(der)) keys.push_back(std::move(*key));
    }
  }
  const bool right = ders && canonical == *text && keys.size() == ders->size() &&
                     std::ranges::all_of(keys, [](const auto& key) { return key.type() == KeyType::EcP256; });
  if (!right) {
    complaints.add("verify.log-key", fmt::format("{}: is not the PEM of EC P-256 public keys and nothing else", path));
    keys.clear();
  }
  return keys;
}

bool is_among(const std::vector<PublicKey>& keys, const PublicKey& key) {
  return std::ranges::find(keys, key.digest(), &PublicKey::digest) != keys.end();
}

}  // namespace

Result<log::Checkpoint> verify_with_any(std::string_view note, const std::vector<PublicKey>& keys) {
  Result<log::Checkpoint> verified = fail(ErrorKind::Integrity, "checkpoint: there is no key to verify it with");
  for (const auto& key : keys) {
    verified = log::verify_note(note, key);
    if (verified) return verified;
  }
  return verified;
}

std::optional<SignedHead> read_head(ExportedFiles& files, const std::string& checkpoint, const std::string& log_key,
                                    const Anchors& anchors, Complaints& complaints, Verification& verification) {
  const auto keys = read_keys(files, log_key, complaints);
  const auto note = files.text(checkpoint);
  verification.log_anchored = !anchors.log_keys.empty() && !keys.empty();
  for (const auto& key : keys) {
    if (anchors.log_keys.empty() || is_among(anchors.log_keys, key)) continue;
    verification.log_anchored = false;
    complaints.add("verify.log-anchor", fmt::format("{}: the key with SHA-256 {} is none of those that were given",
                                                    log_key, to_hex(key.digest())));
  }
  if (!note || keys.empty()) return std::nullopt;
  auto verified = verify_with_any(*note, keys);
  if (!verified) {
    complaints.add("verify.checkpoint", fmt::format("{}: {}", checkpoint, verified.error().message));
    return std::nullopt;
  }
  verification.seen.push_back(fmt::format("the checkpoint of {} covers {} entries, and the log's key signed it",
                                          verified->origin, verified->size));
  SignedHead head{.note = *note, .checkpoint = std::move(*verified), .keys = keys};
  for (const auto& key : anchors.log_keys) {
    if (!is_among(head.keys, key)) head.keys.push_back(key);
  }
  return head;
}

void compare_since(const SignedHead& head, const std::vector<log::Checkpoint>& known, const Anchors& anchors,
                   Complaints& complaints, Verification& verification) {
  if (anchors.since.empty()) return;
  const auto wrong = [&](std::string detail) { complaints.add("verify.since", "--since: " + std::move(detail)); };
  const auto since = verify_with_any(anchors.since, head.keys);
  if (!since) return wrong(since.error().message);
  if (since->origin != head.checkpoint.origin) {
    return wrong(fmt::format("is of the log {}, and the export of {}", since->origin, head.checkpoint.origin));
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
      fmt::format("the log continues the checkpoint of {} entries that was kept from before", since->size));
}

}  // namespace sealroom::audit
