#include "batch_log.hpp"

#include <fmt/format.h>

#include "sealroom/crypto/crypto.hpp"
#include "sealroom/log/events.hpp"
#include "sealroom/log/merkle.hpp"
#include "sealroom/log/proof.hpp"
#include "step.hpp"

namespace sealroom::audit {
namespace {

constexpr const char* kEntries = "audit/entries.jsonl";

void follow(BatchLog& log, std::size_t place, Complaints& complaints) {
  const auto& entry = log.at(place);
  const auto& details = entry.event.details;
  const auto* step = step_of(entry.event.name);
  if (step == nullptr) return;
  auto& trail = log.trails[{text_in(details, "issuer"), text_in(details, "serial")}];
  complaints.require(trail.state == step->from, "verify.lifecycle",
                     fmt::format("entry {}: {} of serial {}, which is \"{}\"", entry.seq, step->event,
                                 text_in(details, "serial"), trail.state));
  trail.state = step->to;
  if (step->to == "planned" && !trail.planned) trail.planned = place;
  if (step->to == "started") trail.started = place;
  if (step->to == "issued") trail.issued = place;
}

}  // namespace

const log::Entry* BatchLog::exported() const {
  if (entries.empty() || entries.back().entry.event.name != "batch.exported") return nullptr;
  return &entries.back().entry;
}

std::optional<log::Entry> read_entry(std::string_view line, const std::string& where, Instant& previous_time,
                                     Complaints& complaints) {
  auto entry = log::parse_line(line, log::UnknownMembers::Accept);
  if (!entry) {
    complaints.add("verify.entry", fmt::format("{}: {}", where, entry.error().message));
    return std::nullopt;
  }
  if (const auto fault = log::fault_of(entry->event)) {
    complaints.add("verify.event", fmt::format("{}: entry {}: {}", where, entry->seq, *fault));
  }
  // A clock that was ahead is set back once, by an entry that says so.
  complaints.require(
      entry->context.time >= previous_time || entry->event.name == "clock.corrected", "verify.entry",
      fmt::format("{}: entry {} is of {}, before an earlier one", where, entry->seq, to_rfc3339(entry->context.time)));
  previous_time = entry->context.time;
  return std::move(*entry);
}

BatchLog read_batch_log(ExportedFiles& files, Complaints& complaints) {
  BatchLog log;
  Sha256 before_export;
  std::string last;
  std::size_t number = 0;
  std::optional<std::pair<std::uint64_t, Digest>> neighbour;  // seq and digest of the line before
  files.each_line(kEntries, [&](std::string_view line) {
    if (++number > 1) before_export.add(as_bytes(last));
    last = std::string(line) + "\n";
    Instant any{};  // between two lines of a batch the clock may have been corrected
    auto entry = read_entry(line, fmt::format("{}: line {}", kEntries, number), any, complaints);
    if (!entry) return;
    if (neighbour) {
      complaints.require(entry->seq > neighbour->first, "verify.entry",
                         fmt::format("{}: line {}: entry {} is out of order", kEntries, number, entry->seq));
      complaints.require(entry->seq != neighbour->first + 1 || entry->previous == neighbour->second,
                         "verify.entry-chain",
                         fmt::format("entry {}: does not continue the entry before it", entry->seq));
    }
    neighbour = {entry->seq, sha256(as_bytes(line))};
    log.entries.push_back({std::move(*entry), log::leaf_hash(as_bytes(line))});
    follow(log, log.entries.size() - 1, complaints);
  });
  log.digest_before_export = before_export.finish();
  return log;
}

void check_inclusion(ExportedFiles& files, const std::string& proof, std::uint64_t seq, const Digest& leaf,
                     const std::optional<SignedHead>& head, Complaints& complaints) {
  const auto text = files.text(proof);
  if (!text || !head) return;
  const auto wrong = [&](std::string_view why) {
    complaints.add("verify.inclusion", fmt::format("{}: {}", proof, why));
  };
  const auto parsed = log::parse_inclusion_proof(*text);
  if (!parsed) return wrong(parsed.error().message);
  if (parsed->note != head->note) return wrong("ends with another checkpoint than the export's");
  if (parsed->index != seq) return wrong(fmt::format("is of entry {}, not {}", parsed->index, seq));
  if (!log::verify_inclusion(leaf, parsed->index, head->checkpoint.size, parsed->hashes, head->checkpoint.root)) {
    wrong(fmt::format("does not lead from entry {} to the root of the checkpoint", seq));
  }
}

}  // namespace sealroom::audit
