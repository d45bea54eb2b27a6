#include <algorithm>

#include <fmt/format.h>

#include "batch_certificates.hpp"
#include "kinds.hpp"
#include "log_keys.hpp"
#include "sealroom/base/text.hpp"
#include "sealroom/crypto/sums.hpp"
#include "sealroom/log/merkle.hpp"
#include "sealroom/log/proof.hpp"

namespace sealroom::audit {
namespace {

constexpr const char* kPreviousCheckpoint = "audit/proofs/previous-checkpoint";
constexpr const char* kConsistency = "audit/proofs/consistency";

// The entry of this very export binds every file that the tree does not.
void check_export_entry(ExportedFiles& files, const BatchLog& log, const std::optional<SignedHead>& head,
                        Complaints& complaints, Verification& verification) {
  const auto* exported = log.exported();
  if (exported == nullptr) {
    return complaints.add("verify.export-entry", "audit/entries.jsonl: its last entry is not that of the export");
  }
  check_inclusion(files, "audit/proofs/export.proof", exported->seq, log.entries.back().leaf, head, complaints);
  const auto& told = exported->event.details;
  const auto compare = [&](const char* member, const Digest& digest, const char* what) {
    complaints.require(text_in(told, member) == to_hex(digest), "verify.export-entry",
                       fmt::format("{} are not what entry {} says was exported", what, exported->seq));
  };
  compare("content_sha256", digest_of_sums(files.digests(), is_export_content), "the files outside audit/");
  compare("evidence_sha256", digest_of_sums(files.digests(), is_export_evidence), "the files inside audit/");
  compare("entries_sha256", log.digest_before_export, "the entries before it");
  // The appliance makes the checkpoint of an export while nothing else is written: it has one that ends with this entry.
  complaints.require(!head || head->checkpoint.size == exported->seq + 1, "verify.export-entry",
                     fmt::format("entry {}: is not the last one that the checkpoint covers", exported->seq));
  std::uint64_t missing = 0;
  for (const auto& [certificate, trail] : log.trails) {
    missing += trail.state == "planned" || trail.state == "started" ? 1 : 0;
  }
  complaints.require(count_in(told, "missing") == missing, "verify.export-entry",
                     fmt::format("entry {}: another number of certificates was missing", exported->seq));
  for (const auto& [entry, leaf] : log.entries) {
    const auto batch = text_in(entry.event.details, "batch");
    complaints.require(batch == text_in(told, "batch"), "verify.entry",
                       fmt::format("entry {}: is of another batch", entry.seq));
  }
  verification.seen.push_back(
      fmt::format("{} entries of the batch, and every file, are what entry {} says was exported",
                  log.entries.size() - 1, exported->seq));
}

// The checkpoint of the export before, and the proof from it. Gives the checkpoints whose roots are known now.
std::vector<log::Checkpoint> check_history(ExportedFiles& files, const BatchLog& log, const SignedHead& head,
                                           Complaints& complaints, Verification& verification) {
  std::vector known{head.checkpoint};
  const auto* exported = log.exported();
  const auto previous_size = exported == nullptr ? 0 : count_in(exported->event.details, "previous_size").value_or(0);
  if (previous_size == 0) return known;
  const auto wrong = [&](std::string detail) { complaints.add("verify.consistency", std::move(detail)); };
  const auto note = files.text(kPreviousCheckpoint);
  const auto text = files.text(kConsistency);
  if (!note || !text) return known;
  const auto previous = log::verify_note(*note, head.keys);
  const auto proof = log::parse_consistency_proof(*text);
  if (!previous || previous->origin != head.checkpoint.origin || previous->size != previous_size) {
    wrong(fmt::format("{}: is not a checkpoint of this log of {} entries", kPreviousCheckpoint, previous_size));
    return known;
  }
  if (!proof || proof->from != previous->size || proof->to != head.checkpoint.size ||
      !log::verify_consistency(previous->size, previous->root, head.checkpoint.size, head.checkpoint.root,
                               proof->hashes)) {
    wrong(fmt::format("{}: does not lead from {} to {} entries", kConsistency, previous->size, head.checkpoint.size));
    return known;
  }
  known.push_back(*previous);
  verification.seen.push_back(fmt::format(
      "the log continues the checkpoint of {} entries that travelled with the export before", previous->size));
  return known;
}

// The keys of the log, and the checkpoint that the newest signed. Each change of keys is proven to be in this log.
std::optional<SignedHead> read_signed_head(ExportedFiles& files, const Anchors& anchors, Complaints& complaints,
                                           Verification& verification) {
  const auto keys =
      read_log_keys(files, "audit/log-key.pem", "audit/log-keys.jsonl", anchors, complaints, verification);
  if (!keys) return std::nullopt;
  auto head = read_head(files, "audit/checkpoint", keys->keys, complaints, verification);
  for (std::size_t i = 0; i < keys->changes.size(); ++i) {
    const auto seq = keys->keys.changes()[i].size;
    check_inclusion(files, fmt::format("audit/proofs/log-key-{}.proof", seq), seq,
                    log::leaf_hash(as_bytes(keys->changes[i])), head, complaints);
  }
  return head;
}

}  // namespace

void verify_batch(ExportedFiles& files, const Anchors& anchors, Complaints& complaints, Verification& verification) {
  const auto head = read_signed_head(files, anchors, complaints, verification);
  const auto log = read_batch_log(files, complaints);
  const auto* exported = log.exported();
  const auto batch = exported == nullptr ? std::string() : text_in(exported->event.details, "batch");
  verification.name = printable(batch);
  check_export_entry(files, log, head, complaints, verification);
  if (head) {
    const auto known = check_history(files, log, *head, complaints, verification);
    compare_since(*head, known, anchors, complaints, verification);
  }

  const auto plans = read_plans(files, log, batch, head, complaints);
  const auto configuration = read_exported_configuration(files, log, plans, complaints);
  for (const auto& [issuer, plan] : plans) {
    verification.seen.push_back(
        fmt::format("plan {} of {} certificate(s) and {} request(s) is the one that the log recorded",
                    printable(issuer), plan.document.count, plan.document.requests));
  }
  const auto authorities = read_authorities(files, anchors, complaints, verification);
  const auto issued = read_report(files, log, plans, batch, complaints, verification);
  const CertificateContext context{.log = log,
                                   .plans = plans,
                                   .head = head,
                                   .configuration = configuration ? &*configuration : nullptr,
                                   .authorities = authorities,
                                   .anchors = anchors};
  std::set<CertificateId> serials;
  for (const auto& certificate : issued) {
    complaints.require(serials.emplace(certificate.issuer, certificate.serial).second, "verify.serial",
                       fmt::format("serial {} of {} stands twice in the report", printable(certificate.serial),
                                   printable(certificate.issuer)));
    check_issued(files, certificate, context, complaints);
  }
  verification.seen.push_back(fmt::format(
      "{} certificate(s): rules, chain, dates, plan, files, and the proof that the log issued each", issued.size()));
}

}  // namespace sealroom::audit
