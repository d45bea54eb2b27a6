#include "sealroom/issuance/release.hpp"

#include <set>

#include <fmt/format.h>

#include "sealroom/crypto/crypto.hpp"
#include "sealroom/crypto/sums.hpp"
#include "sealroom/issuance/issue.hpp"
#include "sealroom/log/canonical.hpp"
#include "sealroom/log/proof.hpp"
#include "sealroom/plan/document.hpp"
#include "sealroom/plan/report.hpp"
#include "sealroom/x509/pem.hpp"

namespace sealroom {
namespace {

constexpr std::string_view kCertificate = "CERTIFICATE";

OutFile text_file(std::string path, std::string_view text) { return {std::move(path), copy(as_bytes(text)), 0444}; }

std::string pem_of(const Certificate& certificate) { return to_pem(kCertificate, certificate.der()); }

std::string pem_of(std::span<const Certificate> chain) {
  std::string text;
  for (const auto& certificate : chain) text += pem_of(certificate);
  return text;
}

Result<std::optional<IssuedCertificate>> issued_at(const Ledger& ledger, std::string_view batch,
                                                   std::uint64_t request) {
  auto row = ledger.certificate_of_request(batch, request);
  if (!row) return pass_on(row);
  if (!*row || (*row)->state != CertificateState::Issued) return std::nullopt;
  auto issued = IssuedCertificate::read(ledger, **row);
  if (!issued) return pass_on(issued);
  return std::optional(std::move(*issued));
}

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

// certificates, chains and a PKCS#7 bag: whatever a broker's or a client's tools ask for.
std::vector<OutFile> certificate_files(const IssuedCertificate& issued, const std::vector<Certificate>& above) {
  const auto& row = issued.row();
  const auto stem = fmt::format("{}/{}/{}", row.issuer, row.profile, row.name);
  std::vector<Certificate> full{issued.certificate()};
  full.insert(full.end(), above.begin(), above.end());
  const auto without_root = std::span(full).first(above.empty() ? 1 : full.size() - 1);
  return {text_file(stem + ".cert.pem", pem_of(issued.certificate())),
          text_file(stem + ".chain.pem", pem_of(without_root)),
          text_file(stem + ".fullchain.pem", pem_of(std::span<const Certificate>(full))),
          text_file(stem + ".p7b", to_pem("PKCS7", to_pkcs7(full)))};
}

// Over this batch's lines before `size`, each with its line feed.
Result<Digest> digest_of_entries(const Ledger& ledger, std::string_view batch, std::uint64_t size) {
  Sha256 hash;
  auto read = ledger.each_line(0, size, batch, [&](std::uint64_t, std::string_view line) -> Result<Done> {
    hash.add(as_bytes(line));
    hash.add(as_bytes("\n"));
    return Done{};
  });
  if (!read) return pass_on(read);
  return hash.finish();
}

// What came back from an export, and cannot leave again as sealroom-verify must have it: a person has that export.
Result<Done> is_whole(const Ledger& ledger, std::string_view batch) {
  auto size = ledger.log_size();
  if (!size) return pass_on(size);
  bool whole = true;
  auto read = ledger.each_line(0, *size, batch, [&](std::uint64_t, std::string_view line) -> Result<Done> {
    if (line.find(R"("batch.restored")") == std::string_view::npos) return Done{};
    auto entry = log::parse_line(line);
    if (!entry) return pass_on(entry);
    const auto& details = entry->event.details;
    whole = details.value("in_log", false);
    for (const auto& other : details.at("not_issued")) {
      const auto serial = from_hex(other.value("serial", ""));
      auto row = ledger.by_serial(other.value("issuer", ""), serial.value_or(Bytes{}));
      if (!row) return pass_on(row);
      whole = whole && row->has_value();
    }
    return Done{};
  });
  if (!read) return read;
  if (whole) return Done{};
  return fail(
      ErrorKind::Failed,
      fmt::format("batch {}: came back from its export after a restore, and this log does not have all of it", batch),
      "use the export that it came back from");
}

}  // namespace

Result<Release> Release::of(const Ledger& ledger, const Configuration& configuration, std::string_view batch) {
  auto row = ledger.batch(batch);
  if (!row) return pass_on(row);
  if (!*row) return fail(ErrorKind::Usage, fmt::format("there is no batch {}", batch), "see `sealroom batch list`");
  auto whole = is_whole(ledger, batch);
  if (!whole) return pass_on(whole);
  Release release(configuration, batch);
  release.requests_ = (*row)->requests;
  std::map<std::string, Digest> content;
  for (std::uint64_t index = 0; index <= release.requests_; ++index) {
    auto files = release.make(ledger, index);
    if (!files) return pass_on(files, batch);
    for (const auto& file : *files) content.emplace(file.path, sha256(file.octets));
    if (index == 0) continue;
    auto certificate = ledger.certificate_of_request(batch, index - 1);
    if (!certificate) return pass_on(certificate);
    if (!*certificate) continue;
    const auto state = (*certificate)->state;
    if (state == CertificateState::Planned || state == CertificateState::Started) ++release.missing_;
  }
  release.content_ = digest_of_sums(content, is_export_content);
  return release;
}

Result<Done> Release::announce(const Work& work) {
  auto log_key = work.appliance.keys.key(kLogOwner);
  if (!log_key) return pass_on(log_key);
  auto previous = work.appliance.ledger.newest_exported_checkpoint();
  if (!previous) return pass_on(previous);
  previous_ = *previous;
  auto files = evidence(work.appliance.ledger);
  if (!files) return pass_on(files);
  std::map<std::string, Digest> sums;
  for (const auto& file : *files) sums.emplace(file.path, sha256(file.octets));
  evidence_ = digest_of_sums(sums, is_export_evidence);
  auto change = work.begin();
  if (!change) return pass_on(change);
  auto size = work.appliance.ledger.log_size();
  if (!size) return pass_on(size);
  auto entries = digest_of_entries(work.appliance.ledger, batch_, *size);
  if (!entries) return pass_on(entries);
  auto seq = change->append({.name = "batch.exported",
                             .outcome = "ok",
                             .details = {{"batch", batch_},
                                         {"content_sha256", to_hex(content_)},
                                         {"evidence_sha256", to_hex(evidence_)},
                                         {"entries_sha256", to_hex(*entries)},
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
  const bool all = index + 1 == parts();
  if (all && (digest_of_sums(sums_, is_export_content) != content_ ||
              digest_of_sums(sums_, is_export_evidence) != evidence_)) {
    return fail(ErrorKind::Failed, fmt::format("batch {} has changed while it was exported", batch_),
                "export it again");
  }
  auto files = make(ledger, index);
  if (!files) return pass_on(files, batch_);
  for (const auto& file : *files) sums_.emplace(file.path, sha256(file.octets));
  return files;
}

Result<std::vector<OutFile>> Release::make(const Ledger& ledger, std::uint64_t index) {
  if (index == 0) return overview(ledger);
  if (index <= requests_) return certificate(ledger, index - 1);
  if (index == requests_ + 1) return audit(ledger);
  if (index <= 2 * requests_ + 1) return proof(ledger, index - requests_ - 2);
  return sums();
}

// report.json, report.html and the CA certificates of every active issuer.
Result<std::vector<OutFile>> Release::overview(const Ledger& ledger) const {
  std::vector<OutFile> files;
  auto told = report(ledger, batch_);
  if (!told) return pass_on(told);
  files.push_back(text_file("report.json", told->dump(2) + "\n"));
  files.push_back(text_file("report.html", report_html(*told)));

  std::set<std::string> intermediates, roots;  // PEM, each certificate once
  for (const auto& [name, settings] : configuration_.issuers()) {
    auto chain = chain_of(ledger, name);
    if (!chain) continue;
    files.push_back(text_file(fmt::format("ca/{}.cert.pem", name), pem_of(chain->front())));
    for (const auto& certificate : *chain) {
      (certificate.self_issued() ? roots : intermediates).insert(pem_of(certificate));
    }
  }
  std::string chain_file;
  for (const auto& pem : intermediates) chain_file += pem;
  for (const auto& pem : roots) chain_file += pem;
  if (!chain_file.empty()) files.push_back(text_file("ca/ca-chain.cert.pem", chain_file));
  return files;
}

Result<std::vector<OutFile>> Release::certificate(const Ledger& ledger, std::uint64_t request) {
  auto issued = issued_at(ledger, batch_, request);
  if (!issued) return pass_on(issued);
  if (!*issued) return std::vector<OutFile>{};
  const auto& issuer = (*issued)->row().issuer;
  if ((*issued)->certificate().self_issued()) return certificate_files(**issued, {});
  if (!chains_.contains(issuer)) {
    auto chain = chain_of(ledger, issuer);
    if (!chain) return pass_on(chain);
    chains_.emplace(issuer, std::move(*chain));
  }
  return certificate_files(**issued, chains_.at(issuer));
}

// What the checkpoint does not reach by itself: the export's entry holds its digest.
Result<std::vector<OutFile>> Release::evidence(const Ledger& ledger) const {
  std::vector<OutFile> files;
  auto log_key = log_key_pem(ledger);
  if (!log_key) return pass_on(log_key);
  files.push_back(text_file("audit/log-key.pem", *log_key));
  auto changes = log_key_changes(ledger);
  if (!changes) return pass_on(changes);
  if (!changes->empty()) files.push_back(text_file("audit/log-keys.jsonl", *changes));

  auto plans = ledger.plans(batch_);
  if (!plans) return pass_on(plans);
  struct Lines {
    std::string requests;
    std::string leaves;
  };
  std::map<std::string, Lines> lines;
  std::string planned_with = to_hex(configuration_.digest());
  for (const auto& plan : *plans) {
    files.push_back(text_file(fmt::format("audit/plan/{}.json", plan.issuer), plan.document));
    lines.emplace(plan.issuer, Lines{});
    auto document = parse_json(plan.document, "plan");
    if (document) planned_with = document->value("configuration", planned_with);
  }
  auto configuration = recorded_configuration(ledger, planned_with);
  if (!configuration) return pass_on(configuration);
  for (const auto& file : *configuration) files.push_back(text_file("audit/config/" + file.name, file.text));
  auto requests = ledger.each_request(batch_, [&](const RequestRow& row) -> Result<Done> {
    const auto found = lines.find(row.issuer);
    if (found == lines.end()) return Done{};
    auto verdict = parse_json(row.verdict, "verdict");
    if (!verdict) return pass_on(verdict);
    auto certificate = ledger.certificate_of_request(batch_, row.position);
    if (!certificate) return pass_on(certificate);
    const auto to_be_signed = *certificate ? ByteView((*certificate)->to_be_signed) : ByteView();
    found->second.requests += request_line(*verdict, to_be_signed) + "\n";
    if (!to_be_signed.empty()) found->second.leaves += to_hex(log::leaf_hash(to_be_signed)) + "\n";
    return Done{};
  });
  if (!requests) return pass_on(requests);
  for (const auto& [issuer, texts] : lines) {
    files.push_back(text_file(fmt::format("audit/plan/{}.requests.jsonl", issuer), texts.requests));
    files.push_back(text_file(fmt::format("audit/plan/{}.leaves", issuer), texts.leaves));
  }
  return files;
}

Result<std::vector<OutFile>> Release::audit(const Ledger& ledger) const {
  auto evident = evidence(ledger);
  if (!evident) return pass_on(evident);
  auto files = std::move(*evident);
  files.push_back(text_file("audit/checkpoint", note_));
  std::string entries;
  auto read = ledger.each_line(0, size_, batch_, [&](std::uint64_t, std::string_view line) -> Result<Done> {
    entries.append(line).append("\n");
    return Done{};
  });
  if (!read) return pass_on(read);
  files.push_back(text_file("audit/entries.jsonl", entries));

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
  return files;
}

Result<std::vector<OutFile>> Release::proof(const Ledger& ledger, std::uint64_t request) const {
  auto found = ledger.certificate_of_request(batch_, request);
  if (!found) return pass_on(found);
  if (!*found || (*found)->state != CertificateState::Issued) return std::vector<OutFile>{};
  const auto& row = **found;
  if (row.entry >= size_) {
    return fail(ErrorKind::Failed, fmt::format("batch {} has changed while it was exported", batch_),
                "export it again");
  }
  auto proof = log::inclusion_proof(row.entry, size_, ledger.nodes());
  if (!proof) return pass_on(proof);
  return std::vector{text_file(fmt::format("audit/proofs/{}/{}/{}.proof", row.issuer, row.profile, row.name),
                               log::inclusion_proof_text(row.entry, *proof, note_))};
}

std::vector<OutFile> Release::sums() const { return {text_file(kSumsFile, sums_text(sums_))}; }

Result<LogExport> log_export(const Ledger& ledger) {
  auto key = log_key_pem(ledger);
  if (!key) return pass_on(key);
  auto newest = ledger.newest_checkpoint();
  if (!newest) return pass_on(newest);
  if (!*newest) return fail(ErrorKind::NeedsPerson, "there is no checkpoint yet", "unlock the log key");
  auto issuers = ledger.issuers();
  if (!issuers) return pass_on(issuers);
  LogExport leaving{.size = (*newest)->size, .checkpoint = (*newest)->note, .log_key = *key, .chains = {}};
  for (const auto& issuer : *issuers) {
    for (const auto& der : issuer.chain) leaving.chains[issuer.name] += to_pem(kCertificate, der);
  }
  return leaving;
}

}  // namespace sealroom
