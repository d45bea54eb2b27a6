#include <algorithm>

#include <fmt/format.h>

#include "methods.hpp"
#include "parameters.hpp"
#include "sealroom/crypto/crypto.hpp"
#include "sealroom/issuance/keys.hpp"
#include "sealroom/issuance/verification.hpp"
#include "sealroom/log/proof.hpp"

// Methods about the log: on the reading desk, but for the verification, which takes its time.
namespace sealroom::daemon {
namespace {

// The checkpoint of exactly `size` entries; the newest one without a size.
Result<CheckpointRow> checkpoint_at(const Ledger& ledger, std::optional<std::uint64_t> size) {
  if (!size) {
    auto newest = ledger.newest_checkpoint();
    if (!newest) return pass_on(newest);
    if (*newest) return std::move(**newest);
    return fail(ErrorKind::NeedsPerson, "there is no checkpoint yet",
                "unlock the log key; a new home gets it in a ceremony");
  }
  auto found = ledger.checkpoints(*size, 1);
  if (!found) return pass_on(found);
  if (!found->empty() && found->front().size == *size) return found->front();
  return fail(ErrorKind::Usage, fmt::format("there is no checkpoint of {} entries", *size),
              "leave --to out for the newest one");
}

Result<std::string> prove_inclusion(const Ledger& ledger, std::uint64_t entry, std::optional<std::uint64_t> to) {
  auto covering = checkpoint_at(ledger, to);
  if (!covering) return pass_on(covering);
  if (entry >= covering->size) {
    return fail(ErrorKind::Usage,
                fmt::format("entry {} is not covered by the checkpoint of {} entries", entry, covering->size),
                "unlock the log key, so that a newer checkpoint is made");
  }
  auto proof = log::inclusion_proof(entry, covering->size, ledger.nodes());
  if (!proof) return pass_on(proof);
  return log::inclusion_proof_text(entry, *proof, covering->note);
}

Result<std::string> prove_consistency(const Ledger& ledger, std::uint64_t from, std::optional<std::uint64_t> to) {
  if (!to) {
    auto newest = checkpoint_at(ledger, to);
    if (!newest) return pass_on(newest);
    to = newest->size;
  }
  auto size = ledger.log_size();
  if (!size) return pass_on(size);
  if (from == 0 || from > *to || *to > *size) {
    return fail(ErrorKind::Usage,
                fmt::format("the log has {} entries: there is no proof from {} to {}", *size, from, *to),
                "give sizes above 0, the smaller one first");
  }
  auto proof = log::consistency_proof(from, *to, ledger.nodes());
  if (!proof) return pass_on(proof);
  return log::consistency_proof_text(from, *to, *proof);
}

}  // namespace

Result<Json> audit_lines(Daemon& daemon, Request& request) {
  Parameters parameters(request.parameters);
  auto from = parameters.number("from").value_or(0);
  const auto until = parameters.number("to");
  const auto batch = parameters.text_or("batch", "");
  auto understood = parameters.done();
  if (!understood) return pass_on(understood);
  auto size = daemon.reading.log_size();
  if (!size) return pass_on(size);
  const auto to = std::min(until.value_or(*size), *size);
  Json lines = Json::array();
  std::size_t octets = 0;
  bool full = false;
  while (from < to && !full) {
    const auto chunk = std::min(from + kPage, to);
    auto next = chunk;
    auto read =
        daemon.reading.each_line(from, chunk, batch, [&](std::uint64_t seq, std::string_view line) -> Result<Done> {
          full = full || (octets + line.size() > kAnswerOctets && !lines.empty());
          if (full) {
            next = std::min(next, seq);
            return Done{};
          }
          octets += line.size();
          lines.push_back(std::string(line));
          return Done{};
        });
    if (!read) return pass_on(read);
    from = next;
  }
  return Json{{"lines", std::move(lines)}, {"next", from}, {"more", from < to}};
}

Result<Json> audit_head(Daemon& daemon, Request& request) {
  auto understood = Parameters(request.parameters).done();
  if (!understood) return pass_on(understood);
  auto head = log_export(daemon.reading);
  if (!head) return pass_on(head);
  return Json{{"size", head->size},
              {"checkpoint", to_base64(as_bytes(head->checkpoint))},
              {"log_key", head->log_key},
              {"chains", head->chains}};
}

Result<Json> audit_checkpoints(Daemon& daemon, Request& request) {
  Parameters parameters(request.parameters);
  const auto from = parameters.number("from").value_or(0);
  auto understood = parameters.done();
  if (!understood) return pass_on(understood);
  auto rows = daemon.reading.checkpoints(from, kPage);
  if (!rows) return pass_on(rows);
  Json answer{{"checkpoints", Json::array()}, {"more", rows->size() == kPage}};
  for (const auto& row : *rows) {
    answer["checkpoints"].push_back({{"size", row.size}, {"note", to_base64(as_bytes(row.note))}});
  }
  return answer;
}

Result<Json> audit_prove(Daemon& daemon, Request& request) {
  Parameters parameters(request.parameters);
  const auto entry = parameters.number("entry");
  const auto from = parameters.number("from");
  const auto to = parameters.number("to");
  auto understood = parameters.done();
  if (!understood) return pass_on(understood);
  if (entry.has_value() == from.has_value()) {
    return fail(ErrorKind::Usage, "give either the entry or the size that the proof begins with");
  }
  auto proof = entry ? prove_inclusion(daemon.reading, *entry, to) : prove_consistency(daemon.reading, *from, to);
  if (!proof) return pass_on(proof);
  return Json{{"format", "sealroom-proof/1"}, {"proof", to_base64(as_bytes(*proof))}};
}

namespace {

Result<Json> verified_whole(const Ledger& ledger, const Work& work) {
  auto size = verify_ledger(ledger, work.progress);
  if (!size) return pass_on(size);
  auto root = ledger.root(*size);
  if (!root) return pass_on(root);
  auto covered = ledger.newest_checkpoint();
  if (!covered) return pass_on(covered);
  auto keys = ledger.log_keys();
  if (!keys) return pass_on(keys);
  Json answer{{"format", "sealroom-audit-verify/1"}, {"size", *size}, {"root", to_hex(*root)}, {"checkpoint_size", 0}};
  if (!*covered || !*keys) return answer;
  auto checkpoint = log::verify_note((*covered)->note, **keys);
  if (!checkpoint) return pass_on(checkpoint);
  answer["checkpoint_size"] = checkpoint->size;
  return answer;
}

// What `answer` says of the ledger; nothing when it could not be verified.
std::optional<LedgerVerification> verification_of(const Daemon& daemon, const Result<Json>& answer) {
  if (answer) return LedgerVerification{.time = daemon.clock.now(), .size = answer->at("size"), .trouble = ""};
  if (answer.error().kind != ErrorKind::Integrity) return std::nullopt;
  return LedgerVerification{.time = daemon.clock.now(), .size = 0, .trouble = answer.error().message};
}

}  // namespace

Result<Json> audit_verify(Daemon& daemon, Request& request, const Work& work) {
  auto understood = Parameters(request.parameters).done();
  if (!understood) return pass_on(understood);
  auto answer = verified_whole(daemon.verifying, work);
  if (work.stopping()) return stopped();
  if (const auto found = verification_of(daemon, answer)) daemon.verified(*found);
  return answer;
}

Result<Done> note_verification(Daemon& daemon, const Work& work, const Result<Json>& answer) {
  const auto found = verification_of(daemon, answer);
  if (!found) return Done{};
  daemon.verified(*found);  // once more: a document of a wrong shape ends the method before it could say so
  return record_verification(work, *found);
}

}  // namespace sealroom::daemon
