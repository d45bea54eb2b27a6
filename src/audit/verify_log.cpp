#include <algorithm>

#include <fmt/format.h>

#include "batch_certificates.hpp"
#include "kinds.hpp"
#include "log_keys.hpp"
#include "sealroom/base/text.hpp"
#include "sealroom/crypto/crypto.hpp"
#include "sealroom/log/merkle.hpp"
#include "step.hpp"

namespace sealroom::audit {
namespace {

// Which issuer's, and its 20 octets.
struct Serial {
  std::uint32_t issuer = 0;
  std::array<std::uint8_t, 20> octets{};
  auto operator<=>(const Serial&) const = default;
};

// A certificate can come back whatever this log knows of it: a ledger that was restored may have lost any part of its
// way, and comes back again when it is restored again. Nothing else happens to it after that.
constexpr Step kRestored{"certificate.restored", "any", "restored"};

// Replays a whole log, one line after the other.
class Replay {
 public:
  // `since` is the size of the log at which somebody kept a checkpoint.
  Replay(const std::vector<log::Checkpoint>& checkpoints, std::optional<std::uint64_t> since, Complaints& complaints)
      : checkpoints_(checkpoints), since_(since), complaints_(complaints) {
    compare_roots();
  }

  void add(std::string_view line) {
    const auto seq = tree_.size();
    auto entry = read_entry(line, log::kLogFile, time_, complaints_);
    if (entry) {
      complaints_.require(entry->seq == seq, "verify.entry",
                          fmt::format("{}: line {} is entry {}", log::kLogFile, seq + 1, entry->seq));
      complaints_.require(entry->previous == previous_, "verify.entry-chain",
                          fmt::format("entry {}: does not continue the entry before it", seq));
      follow(*entry);
      follow_batch(*entry, line);
    }
    tree_.add(as_bytes(line));
    previous_ = sha256(as_bytes(line));
    compare_roots();
  }

  void close() {
    for (const auto& digest : used_configurations_) {
      complaints_.require(digest.empty() || configurations.contains(digest), "verify.configuration",
                          fmt::format("configuration {} was in force, and the log does not hold it", digest));
    }
    complaints_.require(next_ == checkpoints_.size(), "verify.tree",
                        fmt::format("{} has {} entries, fewer than a checkpoint", log::kLogFile, tree_.size()));
  }

  std::uint64_t size() const { return tree_.size(); }

  std::map<std::string, Json> configurations;  // digest → name → base64
  std::map<std::string, Json> active;          // issuer → digests of its newest chain
  std::map<std::string, std::uint64_t> by_event;
  std::map<std::string, std::uint64_t> vouched;  // SHA-256 of a log key → entry of the first restore that relied on it
  std::string origin;
  std::optional<Digest> root_since;  // of the tree when it had `since` entries

 private:
  void compare_roots() {
    if (since_ == tree_.size()) root_since = tree_.root();
    while (next_ < checkpoints_.size() && checkpoints_[next_].size == tree_.size()) {
      complaints_.require(
          checkpoints_[next_].root == tree_.root(), "verify.tree",
          fmt::format("the root of the first {} entries is not that of their checkpoint", tree_.size()));
      ++next_;
    }
  }

  void follow(const log::Entry& entry) {
    const auto& details = entry.event.details;
    ++by_event[entry.event.name];
    used_configurations_.insert(entry.context.configuration);
    const auto issuer = text_in(details, "issuer");
    if (const auto* step = entry.event.name == kRestored.event ? &kRestored : step_of(entry.event.name)) {
      take(*step, entry.seq, issuer, text_in(details, "serial"));
    }
    if (entry.event.name == "configuration.loaded" && details.contains("files")) {
      configurations[text_in(details, "digest")] = details.at("files");
    }
    if (const auto change = log::key_change_in(entry); change && *change) {
      complaints_.require((*change)->root == tree_.root(), "verify.log-key-change",
                          fmt::format("entry {}: its keys were changed over another log", entry.seq));
    }
    if (entry.event.name == "batch.exported")
      check_travelled(entry.seq, count_in(details, "previous_size").value_or(0));
    if (entry.event.name == "ledger.restored" || entry.event.name == "batch.restored") {
      for (const auto& key : list_in(details, "vouched")) {
        if (key.is_string()) vouched.emplace(key.get<std::string>(), entry.seq);
      }
    }
    if (entry.event.name == "issuer.activated") active[issuer] = list_in(details, "certificates_sha256");
    if (entry.event.name == "log.created") origin = text_in(details, "origin");
  }

  // A checkpoint that travelled with an export is somewhere outside, so it is here, too.
  void check_travelled(std::uint64_t seq, std::uint64_t size) {
    const bool there = std::ranges::binary_search(checkpoints_, size, {}, &log::Checkpoint::size);
    complaints_.require(
        size == 0 || there, "verify.checkpoint",
        fmt::format("entry {}: the checkpoint of {} entries, which left with an export, is not in checkpoints", seq,
                    size));
  }

  // What an export says of the entries of its batch before it.
  void follow_batch(const log::Entry& entry, std::string_view line) {
    const auto batch = text_in(entry.event.details, "batch");
    if (batch.empty()) return;
    auto& lines = lines_of_batch_[batch];
    if (entry.event.name == "batch.exported") {
      complaints_.require(text_in(entry.event.details, "entries_sha256") == to_hex(lines.so_far()),
                          "verify.export-entry",
                          fmt::format("entry {}: the entries of its batch before it are others", entry.seq));
    }
    lines.add(as_bytes(line));
    lines.add(as_bytes("\n"));
  }

  // What a certificate does next, held against what it did last.
  void take(const Step& step, std::uint64_t seq, const std::string& issuer, const std::string& serial) {
    const auto octets = from_hex(serial);
    Serial key;
    if (!octets || octets->size() != key.octets.size()) {
      return complaints_.add("verify.serial", fmt::format("entry {}: serial {} has not 20 octets", seq, serial));
    }
    std::ranges::copy(*octets, key.octets.begin());
    key.issuer = issuers_.try_emplace(issuer, static_cast<std::uint32_t>(issuers_.size())).first->second;
    auto& last = last_steps_[key];
    const auto state = last == nullptr ? std::string_view() : last->to;
    last = &step;
    if (&step == &kRestored || state == step.from) return;
    if (step.from.empty()) {
      return complaints_.add("verify.serial", fmt::format("entry {}: serial {} was planned twice", seq, serial));
    }
    complaints_.add("verify.lifecycle",
                    fmt::format("entry {}: {} of serial {}, which is \"{}\"", seq, step.event, serial, state));
  }

  const std::vector<log::Checkpoint>& checkpoints_;
  std::optional<std::uint64_t> since_;
  Complaints& complaints_;
  log::TreeBuilder tree_;
  std::size_t next_ = 0;
  Instant time_{};
  Digest previous_{};
  std::map<std::string, std::uint32_t> issuers_;
  std::map<Serial, const Step*> last_steps_;
  std::set<std::string> used_configurations_;
  std::map<std::string, Sha256> lines_of_batch_;
};

// Every checkpoint that was made, in order of size; the last is the export's own.
std::vector<log::Checkpoint> read_checkpoints(ExportedFiles& files, const SignedHead& head, Complaints& complaints) {
  std::vector<log::Checkpoint> all;
  const auto text = files.text("checkpoints");
  if (!text) return all;
  const auto notes = log::split_notes(*text);
  for (const auto note : notes) {
    const auto checkpoint = log::verify_note(note, head.keys);
    if (!checkpoint || checkpoint->origin != head.checkpoint.origin ||
        (!all.empty() && checkpoint->size <= all.back().size)) {
      complaints.add("verify.checkpoint", fmt::format("checkpoints: note {} is not the log's next", all.size() + 1));
      return all;
    }
    all.push_back(*checkpoint);
  }
  complaints.require(!notes.empty() && notes.back() == head.note, "verify.checkpoint",
                     "checkpoints: does not end with the note in checkpoint");
  return all;
}

void check_configurations(ExportedFiles& files, const Replay& replay, Complaints& complaints) {
  for (const auto& [digest, texts] : replay.configurations) {
    for (const auto& [name, encoded] : texts.items()) {
      const auto path = fmt::format("config/{}/{}", digest, name);
      const auto text = files.text(path);
      const auto logged = encoded.is_string() ? from_base64(encoded.get<std::string>()) : std::nullopt;
      complaints.require(!text || (logged && as_text(*logged) == *text), "verify.configuration",
                         fmt::format("{}: is not what the log holds", printable(path)));
    }
  }
}

void check_chains(ExportedFiles& files, const Replay& replay, const Anchors& anchors, Complaints& complaints,
                  Verification& verification) {
  verification.roots_anchored = !anchors.roots.empty();
  for (const auto& [issuer, digests] : replay.active) {
    const auto path = fmt::format("issuers/{}.chain.pem", issuer);
    const auto chain = read_pem_certificates(files, path, "verify.ca", complaints);
    Json found = Json::array();
    for (const auto& certificate : chain) found.push_back(to_hex(certificate.digest()));
    complaints.require(found == digests, "verify.ca",
                       fmt::format("{}: is not the chain that the log has activated", printable(path)));
    if (chain.empty()) continue;
    bool linked = chain.back().signed_by(chain.back().key());
    for (std::size_t i = 0; i + 1 < chain.size(); ++i) linked = linked && chain[i].signed_by(chain[i + 1].key());
    complaints.require(linked, "verify.ca", fmt::format("{}: a signature does not verify", printable(path)));
    const auto& roots = anchors.roots;
    if (roots.empty() || std::ranges::find(roots, chain.back().digest(), &Certificate::digest) != roots.end()) continue;
    verification.roots_anchored = false;
    complaints.add("verify.root-anchor", fmt::format("{}: its root is none of those that were given", printable(path)));
  }
}

std::uint64_t count_of(const Replay& replay, const std::string& event) {
  const auto found = replay.by_event.find(event);
  return found == replay.by_event.end() ? 0 : found->second;
}

}  // namespace

void verify_log(ExportedFiles& files, const Anchors& anchors, Complaints& complaints, Verification& verification) {
  const auto keys = read_log_keys(files, "log-key.pem", log::kLogFile, anchors, complaints, verification);
  const auto head = keys ? read_head(files, "checkpoint", keys->keys, complaints, verification) : std::nullopt;
  std::vector<log::Checkpoint> checkpoints;
  if (head) checkpoints = read_checkpoints(files, *head, complaints);
  const auto since = head ? verify_kept(*head, anchors) : fail(ErrorKind::Failed, "no checkpoint");
  Replay replay(checkpoints, since ? std::optional(since->size) : std::nullopt, complaints);
  files.each_line(log::kLogFile, [&](std::string_view line) { replay.add(line); });
  replay.close();
  verification.name = printable(replay.origin);
  if (head) {
    complaints.require(replay.size() == head->checkpoint.size, "verify.tree",
                       fmt::format("{} has {} entries, and the checkpoint covers {}", log::kLogFile, replay.size(),
                                   head->checkpoint.size));
    complaints.require(replay.origin == head->checkpoint.origin, "verify.entry",
                       fmt::format("{}: was created as another log than the checkpoint's", log::kLogFile));
    if (replay.root_since) checkpoints.push_back({replay.origin, since->size, *replay.root_since});
    compare_since(*head, checkpoints, anchors, complaints, verification);
  }
  check_configurations(files, replay, complaints);
  check_chains(files, replay, anchors, complaints, verification);
  const auto made = checkpoints.size() - (replay.root_since ? 1 : 0);
  verification.seen.push_back(fmt::format(
      "{} entries: canonical, linked, in order of time, and the tree of {} checkpoint(s)", replay.size(), made));
  verification.seen.push_back(fmt::format("{} serials planned, each once; {} certificates issued",
                                          count_of(replay, "certificate.planned"),
                                          count_of(replay, "certificate.issued")));
  verification.seen.push_back(fmt::format("{} configuration(s) and {} issuer chain(s) are those of the log",
                                          replay.configurations.size(), replay.active.size()));
  for (const auto& [key, seq] : replay.vouched) {
    verification.warnings.push_back(fmt::format(
        "in entry {} exports came back under the log key {}, for which people alone vouched", seq, printable(key)));
  }
  const auto restored = count_of(replay, "ledger.restored");
  const auto gaps = count_of(replay, "anchor.gap-accepted");
  if (restored + gaps == 0) return;
  verification.seen.push_back(fmt::format(
      "restored from a backup {} time(s); {} certificate(s) came back from exports, {} gap(s) were accepted: "
      "certificates may exist that this log does not know",
      restored, count_of(replay, "certificate.restored"), gaps));
}

}  // namespace sealroom::audit
