#include "sealroom/issuance/release.hpp"

#include <algorithm>
#include <iterator>
#include <set>

#include <fmt/format.h>

#include "certificate_files.hpp"
#include "sealroom/crypto/crypto.hpp"
#include "sealroom/crypto/sums.hpp"
#include "sealroom/log/proof.hpp"
#include "sealroom/plan/report.hpp"
#include "sealroom/x509/pem.hpp"

namespace sealroom {
namespace {

// Nodes of the log's tree that are kept for the next proof.
constexpr std::size_t kNodesKept = 4096;

// Every key that the log ever had, the newest first.
Result<std::string> log_key_pem(const Ledger& ledger) {
  auto keys = ledger.log_keys();
  if (!keys) return pass_on(keys);
  if (!*keys) return fail(ErrorKind::NeedsPerson, "there is no log key yet", "make it in a ceremony");
  std::string text;
  for (const auto& key : (*keys)->newest_first()) text += to_pem("PUBLIC KEY", key.der());
  return text;
}

// The entries by which one key of the log took another's place, a line each.
Result<std::string> log_key_changes(const Ledger& ledger) {
  auto keys = ledger.log_keys();
  if (!keys) return pass_on(keys);
  std::string lines;
  if (!*keys) return lines;
  for (const auto& change : (*keys)->changes()) {
    auto line = ledger.line(change.size);
    if (!line) return pass_on(line);
    lines += *line + "\n";
  }
  return lines;
}

}  // namespace

Result<Release> Release::of(const Ledger& ledger, const Configuration& configuration, std::string_view batch,
                            unsigned threads) {
  Release release(configuration, batch);
  auto looked = ledger.at_one_moment([&] { return release.look(ledger, threads); });
  if (!looked) return pass_on(looked);
  return release;
}

void Release::note(const std::vector<OutFile>& files) {
  for (const auto& file : files) sums_.emplace(file.path, sha256(file.octets));
}

Result<Done> Release::announce(const Work& work) {
  auto log_key = work.appliance.keys.key(kLogOwner);
  if (!log_key) return pass_on(log_key);
  auto previous = work.appliance.ledger.newest_exported_checkpoint();
  if (!previous) return pass_on(previous);
  previous_ = *previous;
  auto files = evidence(work.appliance.ledger);
  if (!files) return pass_on(files);
  evidence_files_ = std::move(*files);
  note(evidence_files_);
  evidence_ = digest_of_sums(sums_, is_export_evidence);
  auto change = work.begin();
  if (!change) return pass_on(change);
  auto size = work.appliance.ledger.log_size();
  if (!size) return pass_on(size);
  auto read = read_entries(work.appliance.ledger, entries_read_, *size);
  if (!read) return pass_on(read);
  auto seq = change->append({.name = "batch.exported",
                             .outcome = "ok",
                             .details = {{"batch", batch_},
                                         {"content_sha256", to_hex(content_)},
                                         {"evidence_sha256", to_hex(evidence_)},
                                         {"entries_sha256", to_hex(sha256(as_bytes(entries_)))},
                                         {"previous_size", previous_ ? previous_->size : 0},
                                         {"missing", missing_}}},
                            batch_);
  if (!seq) return pass_on(seq);
  entry_ = *seq;
  auto added = change->add_export({.batch = batch_, .size = *seq + 1, .content = content_});
  if (!added) return pass_on(added);
  auto receipt = std::move(*change).commit();
  if (!receipt) return pass_on(receipt);
  auto covering = checkpoint(work);
  if (!covering) return pass_on(covering);
  note_ = covering->note;
  size_ = covering->size;
  return Done{};
}

Result<std::vector<OutFile>> Release::part(const Ledger& ledger, std::uint64_t index) {
  auto files = make(ledger, index);
  if (!files) return pass_on(files, batch_);
  return files;
}

Result<std::vector<OutFile>> Release::make(const Ledger& ledger, std::uint64_t index) {
  if (index == 0) return std::exchange(overview_, {});
  if (index <= requests_) return certificate(ledger, index - 1);
  if (index == requests_ + 1) return audit(ledger);
  if (index <= 2 * requests_ + 1) return proof(ledger, index - requests_ - 2);
  return sums();
}

// report.json, report.html and the CA certificates of every active issuer.
std::vector<OutFile> Release::overview(const Ledger& ledger, const Json& report) const {
  std::vector<OutFile> files;
  files.push_back(text_file("report.json", report.dump(2) + "\n"));
  files.push_back(text_file("report.html", report_html(report)));

  std::set<std::string> intermediates, roots;  // PEM, each certificate once
  for (const auto& [name, settings] : configuration_.issuers()) {
    auto chain = chain_of(ledger, name);
    if (!chain) continue;
    files.push_back(text_file(fmt::format("ca/{}.cert.pem", name), to_pem(kCertificatePem, chain->front().der())));
    for (const auto& certificate : *chain) {
      (certificate.self_issued() ? roots : intermediates).insert(to_pem(kCertificatePem, certificate.der()));
    }
  }
  std::string chain_file;
  for (const auto& pem : intermediates) chain_file += pem;
  for (const auto& pem : roots) chain_file += pem;
  if (!chain_file.empty()) files.push_back(text_file("ca/ca-chain.cert.pem", chain_file));
  return files;
}

Result<std::vector<OutFile>> Release::certificate(const Ledger& ledger, std::uint64_t request) {
  const auto& leaving = leaving_[request];
  if (!leaving) return std::vector<OutFile>{};
  auto row = ledger.certificate_of_request(batch_, request);
  if (!row) return pass_on(row);
  if (!*row || sha256((*row)->certificate) != leaving->certificate) {
    return fail(ErrorKind::Integrity, fmt::format("{}: is not the certificate that was announced", leaving->stem),
                "the ledger was changed outside the daemon; keep it as it is and run `sealroom audit verify`");
  }
  return certificate_files(leaving->stem, (*row)->certificate, *leaving->above);
}

// What the checkpoint does not reach by itself: the export's entry holds its digest.
Result<std::vector<OutFile>> Release::evidence(const Ledger& ledger) {
  std::vector<OutFile> files;
  auto log_key = log_key_pem(ledger);
  if (!log_key) return pass_on(log_key);
  files.push_back(text_file("audit/log-key.pem", *log_key));
  auto changes = log_key_changes(ledger);
  if (!changes) return pass_on(changes);
  if (!changes->empty()) files.push_back(text_file("audit/log-keys.jsonl", *changes));

  auto plans = ledger.plans(batch_);
  if (!plans) return pass_on(plans);
  const auto lines = std::exchange(lines_, {});
  std::string planned_with = to_hex(configuration_.digest());
  for (const auto& plan : *plans) {
    const auto found = lines.find(plan.issuer);
    const auto& texts = found == lines.end() ? PlanLines{} : found->second;
    files.push_back(text_file(fmt::format("audit/plan/{}.json", plan.issuer), plan.document));
    files.push_back(text_file(fmt::format("audit/plan/{}.requests.jsonl", plan.issuer), texts.requests));
    files.push_back(text_file(fmt::format("audit/plan/{}.leaves", plan.issuer), texts.leaves));
    auto document = parse_json(plan.document, "plan");
    if (document) planned_with = document->value("configuration", planned_with);
  }
  auto configuration = recorded_configuration(ledger, planned_with);
  if (!configuration) return pass_on(configuration);
  for (const auto& file : *configuration) files.push_back(text_file("audit/config/" + file.name, file.text));
  return files;
}

Result<std::vector<OutFile>> Release::audit(const Ledger& ledger) {
  std::vector<OutFile> files;
  files.push_back(text_file("audit/checkpoint", note_));
  auto read = read_entries(ledger, entry_, size_);
  if (!read) return pass_on(read);
  files.push_back(text_file("audit/entries.jsonl", std::exchange(entries_, {})));

  auto own = log::inclusion_proof(entry_, size_, ledger.nodes());
  if (!own) return pass_on(own);
  files.push_back(text_file("audit/proofs/export.proof", log::inclusion_proof_text(entry_, *own, note_)));
  auto keys = ledger.log_keys();
  if (!keys) return pass_on(keys);
  for (const auto& change : keys->value().changes()) {
    auto proof = log::inclusion_proof(change.size, size_, ledger.nodes());
    if (!proof) return pass_on(proof);
    files.push_back(text_file(fmt::format("audit/proofs/log-key-{}.proof", change.size),
                              log::inclusion_proof_text(change.size, *proof, note_)));
  }
  if (previous_) {
    auto consistent = log::consistency_proof(previous_->size, size_, ledger.nodes());
    if (!consistent) return pass_on(consistent);
    files.push_back(
        text_file("audit/proofs/consistency", log::consistency_proof_text(previous_->size, size_, *consistent)));
    files.push_back(text_file("audit/proofs/previous-checkpoint", previous_->note));
  }
  note(files);
  std::ranges::move(std::exchange(evidence_files_, {}), std::back_inserter(files));
  return files;
}

Result<std::vector<OutFile>> Release::proof(const Ledger& ledger, std::uint64_t request) {
  const auto& leaving = leaving_[request];
  if (!leaving) return std::vector<OutFile>{};
  const auto read = [this, nodes = ledger.nodes()](unsigned level, std::uint64_t index) -> Result<Digest> {
    const auto known = nodes_.find({level, index});
    if (known != nodes_.end()) return known->second;
    auto node = nodes(level, index);
    if (nodes_.size() >= kNodesKept) nodes_.clear();
    if (node) nodes_.emplace(std::pair(level, index), *node);
    return node;
  };
  auto proof = log::inclusion_proof(leaving->entry, size_, read);
  if (!proof) return pass_on(proof);
  std::vector files{text_file(fmt::format("audit/proofs/{}.proof", leaving->stem),
                              log::inclusion_proof_text(leaving->entry, *proof, note_))};
  note(files);
  return files;
}

std::vector<OutFile> Release::sums() const { return {text_file(kSumsFile, sums_text(sums_))}; }

Result<LogExport> log_export(const Ledger& ledger) {
  auto key = log_key_pem(ledger);
  if (!key) return pass_on(key);
  auto newest = ledger.newest_checkpoint();
  if (!newest) return pass_on(newest);
  if (!*newest)
    return fail(ErrorKind::NeedsPerson, "there is no checkpoint yet",
                "unlock the log key; a new home gets it in a ceremony");
  auto issuers = ledger.issuers();
  if (!issuers) return pass_on(issuers);
  LogExport leaving{.size = (*newest)->size, .checkpoint = (*newest)->note, .log_key = *key, .chains = {}};
  for (const auto& issuer : *issuers) {
    for (const auto& der : issuer.chain) leaving.chains[issuer.name] += to_pem(kCertificatePem, der);
  }
  return leaving;
}

}  // namespace sealroom
