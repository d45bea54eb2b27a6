#include <map>
#include <tuple>

#include <fmt/format.h>

#include "sealroom/base/text.hpp"
#include "sealroom/crypto/crypto.hpp"
#include "sealroom/issuance/restore.hpp"
#include "sealroom/log/canonical.hpp"
#include "sealroom/plan/document.hpp"
#include "sealroom/x509/name.hpp"
#include "sealroom/x509/pem.hpp"

// A batch as its export has it, on its way back into the ledger.
namespace sealroom {
namespace {

std::unexpected<Error> another(std::string_view batch) {
  return fail(ErrorKind::Integrity, fmt::format("batch {}: the ledger has another one of this name", batch),
              "keep both; what is in the export was issued by a ledger that is lost");
}

// The log entries of the export, told by what they are about.
struct ToldByExport {
  using Name = std::tuple<std::string, std::string, std::string>;  // event, issuer and serial, which may be empty

  std::vector<log::Entry> entries;
  std::vector<std::string> lines;
  std::map<Name, std::size_t> first;  // in `entries`

  void add(log::Entry entry, std::string_view line) {
    const auto& details = entry.event.details;
    first.try_emplace({entry.event.name, details.value("issuer", ""), details.value("serial", "")}, entries.size());
    entries.push_back(std::move(entry));
    lines.emplace_back(line);
  }

  const log::Entry* find(const Name& name) const {
    const auto found = first.find(name);
    return found == first.end() ? nullptr : &entries[found->second];
  }
};

Result<ToldByExport> read_entries(const VerifiedExport& batch) {
  ToldByExport told;
  auto read = batch.each_line("audit/entries.jsonl", [&](std::string_view line) -> Result<Done> {
    auto entry = log::parse_line(line, log::UnknownMembers::Accept);
    if (!entry) return pass_on(entry);
    told.add(std::move(*entry), line);
    return Done{};
  });
  if (!read) return pass_on(read);
  if (told.entries.empty()) return fail(ErrorKind::Integrity, "the export has no entries");
  return told;
}

Result<bool> are_in_log(const Ledger& ledger, const ToldByExport& told) {
  auto size = ledger.log_size();
  if (!size) return pass_on(size);
  for (std::size_t i = 0; i < told.entries.size(); ++i) {
    if (told.entries[i].seq >= *size) return false;
    auto line = ledger.line(told.entries[i].seq);
    if (!line) return pass_on(line);
    if (*line != told.lines[i]) return false;
  }
  return true;
}

// The verdict as it was at import: without what became of the certificate since (src/issuance/report.cpp).
std::string verdict_at_import(Json verdict) {
  if (verdict.value("state", "") == name_of(CertificateState::Refused)) {
    verdict["verdict"] = "accepted";
    verdict["findings"].erase(verdict["findings"].size() - 1);
  }
  for (const char* later : {"serial", "state", "not_before", "not_after", "name", "certificate_sha256"}) {
    verdict.erase(later);
  }
  return log::canonical(verdict);
}

Digest digest_of_request(const Json& told) { return digest_from_hex(told.value("sha256", "")).value_or(Digest{}); }

// Where the export came from, for an entry of ours that speaks of one that this log does not have.
Result<Json> origin_of(const std::string& note) {
  auto checkpoint = log::read_note(note);
  if (!checkpoint) return pass_on(checkpoint);
  return Json{{"origin_size", checkpoint->size}, {"origin_root", to_hex(checkpoint->root)}};
}

}  // namespace

// ReturningBatch puts one batch into a change.
class ReturningBatch {
 public:
  ReturningBatch(const Ledger& ledger, Change& change, const VerifiedExport& files, ToldByExport told, bool in_log,
                 const std::vector<std::string>& vouched)
      : ledger_(ledger), change_(change), files_(files), told_(std::move(told)), in_log_(in_log), vouched_(vouched) {
    id_ = told_.entries.front().event.details.value("batch", "");
  }

  Result<ReturnedBatch> put() {
    auto text = files_.read("report.json");
    if (!text) return pass_on(text);
    auto report = parse_json(*text, "report.json");
    if (!report) return pass_on(report);
    auto note = files_.read("audit/checkpoint");
    if (!note) return pass_on(note);
    auto origin = origin_of(*note);
    if (!origin) return pass_on(origin);
    origin_ = std::move(*origin);
    auto done = read_plans();
    if (done) done = announce(*report);
    if (done) done = put_plans();
    if (done) done = put_batch(*report);
    if (done) done = put_requests(report->at("requests"));
    if (done) done = put_certificates(report->at("requests"));
    if (!done) return pass_on(done);
    return ReturnedBatch{.batch = id_, .certificates = certificates_, .in_log = in_log_};
  }

 private:
  // One entry for the whole batch: its plans, how many certificates are new here, and what has a serial and was not
  // issued.
  Result<Done> announce(const Json& report) {
    Json others = Json::array();
    std::uint64_t added = 0;
    for (const auto& request : report.at("requests")) {
      if (!request.contains("serial")) continue;
      const auto issuer = request.value("issuer", ""), serial = request.value("serial", "");
      const auto state = request.value("state", "");
      auto row = ledger_.by_serial(issuer, from_hex(serial).value_or(Bytes{}));
      if (!row) return pass_on(row);
      const bool issued = state == name_of(CertificateState::Issued);
      if (issued && !*row) ++added;
      if (!issued) others.push_back({{"issuer", issuer}, {"serial", serial}, {"state", state}});
    }
    Json plans = Json::object();
    for (const auto& [issuer, plan] : plans_) plans[issuer] = to_hex(plan_digest(plan));
    Json details{{"batch", id_},
                 {"in_log", in_log_},
                 {"plans", std::move(plans)},
                 {"added", added},
                 {"not_issued", std::move(others)}};
    details.update(origin_);
    if (!vouched_.empty()) details["vouched"] = vouched_;
    auto seq = change_.append({.name = "batch.restored", .outcome = "ok", .details = std::move(details)}, id_);
    if (!seq) return pass_on(seq);
    entry_ = *seq;
    return Done{};
  }

  Result<Done> read_plans() {
    for (const auto& path : files_.paths) {
      if (!path.starts_with("audit/plan/") || !path.ends_with(".json")) continue;
      auto document = files_.read(path);
      if (!document) return pass_on(document);
      auto plan = parse_plan(*document);
      if (!plan) return pass_on(plan);
      plans_.emplace(plan->facts.issuer, std::move(*document));
    }
    return Done{};
  }

  Result<Done> put_plans() {
    for (const auto& [issuer, document] : plans_) {
      auto plan = parse_plan(document);
      if (!plan) return pass_on(plan);
      const auto digest = plan_digest(document);
      auto known = ledger_.plan(id_, issuer);
      if (!known) return pass_on(known);
      if (*known && (*known)->digest != digest) return another(id_);
      if (*known) continue;
      // Not the entry that recorded it: its requests, and what was never issued of it, are not here.
      auto added = change_.add_plan({.batch = id_,
                                     .issuer = issuer,
                                     .document = document,
                                     .digest = digest,
                                     .created = plan->facts.created,
                                     .valid_until = plan->facts.valid_until,
                                     .entry = entry_});
      if (!added) return added;
    }
    return Done{};
  }

  Result<Done> put_batch(const Json& report) {
    auto known = ledger_.batch(id_);
    if (!known) return pass_on(known);
    if (*known) return Done{};
    const auto* imported = told_.find({"batch.imported", "", ""});
    if (imported == nullptr) return fail(ErrorKind::Integrity, fmt::format("batch {}: was never imported", id_));
    return change_.add_batch({.id = id_,
                              .created = imported->context.time,
                              .requests = report.at("requests").size(),
                              .accepted = imported->event.details.value("accepted", std::uint64_t{0}),
                              .ignored = log::canonical(report.at("ignored"))});
  }

  Result<Done> put_requests(const Json& requests) {
    for (std::uint64_t position = 0; position < requests.size(); ++position) {
      const auto& told = requests[position];
      const auto digest = digest_of_request(told);
      auto known = ledger_.request(id_, position);
      if (!known) return pass_on(known);
      if (*known && (*known)->digest != digest) return another(id_);
      if (*known) continue;
      const auto text = [&](const char* name) {
        return told.contains(name) && told.at(name).is_string() ? told.at(name).get<std::string>() : std::string();
      };
      auto added = change_.add_request({.batch = id_,
                                        .position = position,
                                        .path = text("file"),
                                        .name = text("name"),
                                        .issuer = text("issuer"),
                                        .profile = text("profile"),
                                        .octets = {},
                                        .digest = digest,
                                        .verdict = verdict_at_import(told)});
      if (!added) return added;
    }
    return Done{};
  }

  Result<Done> put_certificates(const Json& requests) {
    std::map<std::string, std::uint64_t> positions;  // in each issuer's plan
    for (std::uint64_t at = 0; at < requests.size(); ++at) {
      const auto& told = requests[at];
      if (!told.contains("serial")) continue;
      const auto position = positions[told.at("issuer").get<std::string>()]++;
      if (told.value("state", "") != name_of(CertificateState::Issued)) continue;
      auto put = put_certificate(told, at, position);
      if (!put) return put;
    }
    return Done{};
  }

  Result<Done> put_certificate(const Json& told, std::uint64_t request, std::uint64_t position) {
    const auto issuer = told.value("issuer", ""), profile = told.value("profile", ""), name = told.value("name", "");
    auto pem = files_.read(fmt::format("{}/{}/{}.cert.pem", issuer, profile, name));
    if (!pem) return pass_on(pem);
    auto ders = read_certificates(as_bytes(*pem), name);
    if (!ders) return pass_on(ders);
    auto certificate = Certificate::parse(ders->front());
    if (!certificate) return pass_on(certificate);
    const auto serial = from_hex(certificate->serial_hex()).value_or(Bytes{});
    auto known = ledger_.by_serial(issuer, serial);
    if (!known) return pass_on(known);
    if (*known && (*known)->state == CertificateState::Issued) {
      return (*known)->certificate == certificate->der() ? Result<Done>(Done{}) : another(id_);
    }
    auto entry = entry_about(*certificate, told);
    if (!entry) return pass_on(entry);
    ++certificates_;
    if (*known) return change_.set_found((*known)->id, certificate->der(), *entry);
    auto added = change_.add_certificate({.id = 0,
                                          .batch = id_,
                                          .issuer = issuer,
                                          .profile = profile,
                                          .request = request,
                                          .position = position,
                                          .name = name,
                                          .request_digest = digest_of_request(told),
                                          .key_digest = certificate->key().digest(),
                                          .serial = serial,
                                          .subject = copy(certificate->subject()),
                                          .not_before = certificate->not_before(),
                                          .not_after = certificate->not_after(),
                                          .to_be_signed = copy(certificate->to_be_signed()),
                                          .state = CertificateState::Issued,
                                          .reason = {},
                                          .certificate = copy(certificate->der()),
                                          .entry = *entry});
    if (!added) return pass_on(added);
    return Done{};
  }

  // The entry that the certificate is bound to: its own where this log has it, else one that says where it came from.
  Result<std::uint64_t> entry_about(const Certificate& certificate, const Json& told) {
    const auto issuer = told.value("issuer", "");
    const auto* issued = told_.find({"certificate.issued", issuer, certificate.serial_hex()});
    if (issued == nullptr) return fail(ErrorKind::Integrity, fmt::format("batch {}: a certificate has no entry", id_));
    if (in_log_) return issued->seq;
    Json details = issued->event.details;
    details["origin_entry"] = issued->seq;
    details.update(origin_);
    return change_.append({.name = "certificate.restored", .outcome = "ok", .details = std::move(details)}, id_);
  }

  const Ledger& ledger_;
  Change& change_;
  const VerifiedExport& files_;
  ToldByExport told_;
  bool in_log_;
  const std::vector<std::string>& vouched_;
  std::string id_;
  Json origin_;
  std::map<std::string, std::string> plans_;  // issuer → document
  std::uint64_t entry_ = 0;
  std::uint64_t certificates_ = 0;
};

Result<ReturnedBatch> Return::take_batch(const VerifiedExport& batch) {
  auto told = read_entries(batch);
  if (!told) return pass_on(told);
  auto in_log = are_in_log(work_->appliance.ledger, *told);
  if (!in_log) return pass_on(in_log);
  return ReturningBatch(work_->appliance.ledger, change_, batch, std::move(*told), *in_log, vouched_).put();
}

}  // namespace sealroom
