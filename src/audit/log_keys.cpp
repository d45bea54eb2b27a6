#include "log_keys.hpp"

#include <algorithm>
#include <ranges>

#include <fmt/format.h>

#include "sealroom/base/text.hpp"
#include "sealroom/log/entry.hpp"
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

// The newest key of `pem` and the changes lead to all the others.
std::optional<ExportedKeys> follow_changes(ExportedFiles& files, const PublicKey& newest, const std::string& path,
                                           Complaints& complaints) {
  std::vector<log::KeyChange> changes;
  std::vector<std::string> lines;
  bool right = true;
  const auto wrong = [&](std::string detail) {
    complaints.add("verify.log-key-change", std::move(detail));
    right = false;
  };
  files.each_line(path, [&](std::string_view line) {
    if (line.find(R"("event":"log.key-r)") == std::string_view::npos) return;
    const auto entry = log::parse_line(line, log::UnknownMembers::Accept);
    if (!entry) return;  // whoever reads the lines one by one says why
    auto change = log::key_change_in(*entry);
    if (!change) return wrong(fmt::format("{}: {}", path, change.error().message));
    if (!*change) return;
    changes.push_back(std::move(**change));
    lines.emplace_back(line);
  });
  ExportedKeys exported{.keys = log::LogKeys(changes.empty() ? newest : changes.front().old_key),
                        .changes = std::move(lines)};
  for (auto& change : changes) {
    const auto added = exported.keys.add(std::move(change));
    if (!added) wrong(fmt::format("{}: {}", path, added.error().message));
  }
  if (!right) return std::nullopt;
  return exported;
}

bool same_keys(const std::vector<PublicKey>& some, const std::vector<PublicKey>& others) {
  return std::ranges::equal(some, others, {}, &PublicKey::digest, &PublicKey::digest);
}

bool is_among(const std::vector<PublicKey>& keys, const PublicKey& key) {
  return std::ranges::find(keys, key.digest(), &PublicKey::digest) != keys.end();
}

// The newest key was given, or a key that signed for a successor, and that one for the next, up to the newest.
bool is_anchored(const log::LogKeys& keys, const std::vector<PublicKey>& given) {
  if (is_among(given, keys.newest())) return true;
  for (const auto& change : keys.changes() | std::views::reverse) {
    if (change.how == log::Succession::Replaced) return false;
    if (is_among(given, change.old_key)) return true;
  }
  return false;
}

void tell_of_changes(const log::LogKeys& keys, Verification& verification) {
  for (const auto& change : keys.changes()) {
    const auto from = to_hex(change.old_key.digest());
    const auto to = to_hex(change.new_key.digest());
    if (change.how == log::Succession::Rotated) {
      verification.seen.push_back(fmt::format(
          "the log's key was rotated in entry {}: {} succeeded {}, and both signed it", change.size, to, from));
    } else {
      verification.warnings.push_back(fmt::format(
          "the log's key was replaced in entry {} without the old one's signature: {} took the place of {}, "
          "because: {}",
          change.size, to, from, printable(change.reason)));
    }
  }
}

}  // namespace

std::optional<ExportedKeys> read_log_keys(ExportedFiles& files, const std::string& pem, const std::string& lines,
                                          const Anchors& anchors, Complaints& complaints, Verification& verification) {
  const auto listed = read_keys(files, pem, complaints);
  if (listed.empty()) return std::nullopt;
  auto exported = listed.size() == 1 && lines != log::kLogFile
                      ? ExportedKeys{.keys = log::LogKeys(listed.front()), .changes = {}}
                      : follow_changes(files, listed.front(), lines, complaints);
  if (!exported) return std::nullopt;
  if (!same_keys(exported->keys.newest_first(), listed)) {
    complaints.add("verify.log-key-change", fmt::format("{}: its keys are not those that the log had", pem));
    return std::nullopt;
  }
  tell_of_changes(exported->keys, verification);
  verification.log_anchored = is_anchored(exported->keys, anchors.log_keys);
  complaints.require(
      verification.log_anchored || anchors.log_keys.empty(), "verify.log-anchor",
      fmt::format("{}: the key with SHA-256 {} is none of those that were given, and none of them signed "
                  "for it",
                  pem, to_hex(exported->keys.newest().digest())));
  return exported;
}

}  // namespace sealroom::audit
