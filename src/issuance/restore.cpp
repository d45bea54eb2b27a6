#include "sealroom/issuance/restore.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "log_tag.hpp"
#include "sealroom/base/text.hpp"
#include "sealroom/crypto/crypto.hpp"
#include "sealroom/issuance/backup.hpp"
#include "sealroom/log/canonical.hpp"
#include "sealroom/log/entry.hpp"
#include "sealroom/x509/pem.hpp"

namespace sealroom {
namespace {

constexpr std::size_t kMostNamed = 1000;  // certificates in one entry

std::unexpected<Error> not_ours(std::uint64_t seq) {
  return fail(ErrorKind::Integrity,
              fmt::format("log entry {}: is another one in the export; this log has gone on by itself", seq),
              "an export of the log is taken in when the backup is restored: restore it again into a new home, with "
              "--export; into this one only exports of batches can come back");
}

}  // namespace

Result<Return> Return::begin(const Work& work, std::vector<std::string> vouched) {
  auto change = work.begin();
  if (!change) return pass_on(change);
  return Return(work, std::move(vouched), std::move(*change));
}

Result<std::uint64_t> Return::take_log(const VerifiedExport& log) {
  const auto& ledger = work_->appliance.ledger;
  auto size = ledger.log_size();
  if (!size) return pass_on(size);
  const auto had = *size;
  std::uint64_t seq = 0;
  auto read = log.each_line(log::kLogFile, [&](std::string_view line) -> Result<Done> {
    const auto at = seq++;
    if (at < had) {
      auto own = ledger.line(at);
      if (!own) return pass_on(own);
      return *own == line ? Result<Done>(Done{}) : not_ours(at);
    }
    auto entry = log::parse_line(line);
    if (!entry) return pass_on(entry);
    if (entry->context.time > work_->appliance.clock.now()) {
      return fail(ErrorKind::Integrity,
                  fmt::format("the clock says {}, but log entry {} is of {}", to_rfc3339(work_->appliance.clock.now()),
                              at, to_rfc3339(entry->context.time)),
                  "set the clock of this machine");
    }
    auto appended = change_.append_again(line, log_tag(entry->event));
    if (!appended) return pass_on(appended);
    return follow(*entry);
  });
  if (!read) return pass_on(read);
  if (seq <= had) return 0;
  auto notes = log.read("checkpoints");
  if (!notes) return pass_on(notes);
  auto taken = take_checkpoints(*notes, had);
  if (taken) taken = add_batches();
  if (taken) taken = add_exports();
  if (taken) taken = add_issuers(log);
  if (taken) taken = add_keys(log);
  if (!taken) return pass_on(taken);
  return seq - had;
}

Result<Done> Return::follow(const log::Entry& entry) {
  const auto& name = entry.event.name;
  if (name == "batch.imported") imported_.push_back(entry);
  if (name == "batch.exported") exported_.push_back(entry);
  if (name == "key.generated" || name == "key.adopted" || name.starts_with("log.key-"))
    keys_.insert_or_assign(entry.event.details.value("owner", ""), entry);
  if (name == "issuer.activated") issuers_.insert_or_assign(entry.event.details.value("issuer", ""), entry);
  return follow_certificate(entry);
}

// Of a certificate that the ledger has as planned. What was issued, or came back at an earlier restore, stays what it is
// until its export brings it (note_missing), so that its serial is never signed again.
Result<Done> Return::follow_certificate(const log::Entry& entry) {
  static constexpr std::pair<std::string_view, CertificateState> kStates[] = {
      {"certificate.started", CertificateState::Started},
      {"certificate.untried", CertificateState::Planned},
      {"certificate.refused", CertificateState::Refused},
      {"certificate.expired", CertificateState::Expired},
      {"certificate.abandoned", CertificateState::Abandoned}};
  const auto* found =
      std::ranges::find(kStates, entry.event.name, &std::pair<std::string_view, CertificateState>::first);
  if (found == std::end(kStates)) return Done{};
  const auto& details = entry.event.details;
  const auto serial = from_hex(details.value("serial", ""));
  auto row = work_->appliance.ledger.by_serial(details.value("issuer", ""), serial.value_or(Bytes{}));
  if (!row) return pass_on(row);
  if (!*row) return Done{};
  return change_.set_state((*row)->id, found->second, entry.seq, details.value("reason", ""));
}

// The export was verified: each note is a checkpoint of this log under its key.
Result<Done> Return::take_checkpoints(const std::string& notes, std::uint64_t from) {
  for (const auto note : log::split_notes(notes)) {
    auto checkpoint = log::read_note(note);
    if (!checkpoint) return pass_on(checkpoint);
    if (checkpoint->size <= from) continue;
    auto added =
        change_.add_checkpoint({.size = checkpoint->size, .root = checkpoint->root, .note = std::string(note)});
    if (!added) return added;
    checkpoints_.insert(checkpoint->size);
  }
  return Done{};
}

// So that their identifiers are not given again. The rest of a batch comes back with its own export.
Result<Done> Return::add_batches() {
  for (const auto& entry : imported_) {
    const auto& details = entry.event.details;
    const auto id = details.value("batch", "");
    auto known = work_->appliance.ledger.batch(id);
    if (!known) return pass_on(known);
    if (*known) continue;
    auto added = change_.add_batch({.id = id,
                                    .created = entry.context.time,
                                    .requests = details.value("requests", std::uint64_t{0}),
                                    .accepted = details.value("accepted", std::uint64_t{0}),
                                    .ignored = "[]"});
    if (!added) return added;
  }
  return Done{};
}

// So that the next export proves that it continues the newest one.
Result<Done> Return::add_exports() {
  for (const auto& entry : exported_) {
    const auto content = digest_from_hex(entry.event.details.value("content_sha256", ""));
    if (!content || !checkpoints_.contains(entry.seq + 1)) continue;
    auto added = change_.add_export(
        {.batch = entry.event.details.value("batch", ""), .size = entry.seq + 1, .content = *content});
    if (!added) return added;
  }
  return Done{};
}

Result<Done> Return::add_issuers(const VerifiedExport& log) {
  for (const auto& [name, entry] : issuers_) {
    auto pem = log.read(fmt::format("issuers/{}.chain.pem", name));
    if (!pem) return pass_on(pem);
    auto ders = read_certificates(as_bytes(*pem), name);
    if (!ders) return pass_on(ders);
    auto row = issuer_row(work_->appliance.ledger, name);
    if (!row) return pass_on(row);
    row->state = "active";
    row->chain = std::move(*ders);
    row->entry = entry.seq;
    auto put = change_.put_issuer(*row);
    if (!put) return put;
  }
  return Done{};
}

// The log has the digest of a public key, and the key itself stands in the issuer's certificate or in log-key.pem.
Result<Done> Return::add_keys(const VerifiedExport& log) {
  std::map<std::string, Bytes> public_keys;  // digest → DER
  const auto remember = [&](ByteView der) { public_keys.insert_or_assign(to_hex(sha256(der)), copy(der)); };
  auto pem = log.read("log-key.pem");
  if (!pem) return pass_on(pem);
  auto log_keys = read_public_keys(*pem, "log-key.pem");
  if (!log_keys) return pass_on(log_keys);
  for (const auto& der : *log_keys) remember(der);
  auto kept = work_->appliance.ledger.keys();
  if (!kept) return pass_on(kept);
  for (const auto& row : *kept) remember(row.public_key);
  auto issuers = work_->appliance.ledger.issuers();
  if (!issuers) return pass_on(issuers);
  for (const auto& issuer : *issuers) {
    for (const auto& der : issuer.chain) {
      if (auto certificate = Certificate::parse(der)) remember(certificate->key().der());
    }
  }
  for (const auto& [owner, entry] : keys_) {
    const auto& details = entry.event.details;
    const auto uri = work_->appliance.keys.uri_of(owner);
    const auto found = public_keys.find(details.value("public_key_sha256", ""));
    auto known = work_->appliance.ledger.key(owner);
    if (!known) return pass_on(known);
    if (!uri || found == public_keys.end()) continue;
    const KeyRow row{.owner = owner,
                     .uri = uri->text(),
                     .token_label = details.value("token_label", ""),
                     .token_serial = details.value("token_serial", ""),
                     .key_id = from_hex(details.value("key_id", "")).value_or(Bytes{}),
                     .public_key = found->second,
                     .evidence = log::canonical(details.at("evidence")),
                     .created = entry.context.time,
                     .entry = entry.seq};
    const bool another = *known && (*known)->public_key != row.public_key;
    auto put = !*known ? change_.put_key(row) : another ? change_.change_key(row) : change_.move_key(row);
    if (!put) return put;
  }
  return Done{};
}

Result<std::string> Return::restored(const log::Entry& made) {
  const auto& details = made.event.details;
  const auto& ledger = work_->appliance.ledger;
  const auto wrong = [](std::string message) {
    return fail(ErrorKind::Integrity, std::move(message), "it is not a backup, or was put together from two");
  };
  if (made.event.name != "backup.made") return wrong("the ledger's newest entry is not the one of its backup");
  auto first = ledger.line(0);
  if (!first) return pass_on(first);
  auto created = log::parse_line(*first);
  if (!created) return pass_on(created);
  const auto origin = created->event.details.value("origin", "");
  if (origin != work_->appliance.configuration.log_origin()) {
    return wrong(fmt::format("the ledger is of the log \"{}\", and sealroom.yaml of \"{}\"", printable(origin),
                             work_->appliance.configuration.log_origin()));
  }
  if (made.context.configuration != to_hex(work_->appliance.configuration.digest())) {
    return wrong("the configuration is not the one that was in force when the backup was made");
  }
  auto size = ledger.log_size();
  if (!size) return pass_on(size);
  auto name = details.value("name", "");
  Json told{{"backup", name},
            {"size", details.value("size", std::uint64_t{0})},
            {"root", details.value("root", "")},
            {"log_size", *size}};
  if (!vouched_.empty()) told["vouched"] = vouched_;
  auto seq = change_.append({.name = "ledger.restored", .outcome = "ok", .details = std::move(told)}, kRestoredTag);
  if (!seq) return pass_on(seq);
  auto expired = expire_planned();
  if (!expired) return pass_on(expired);
  return name;
}

// What was planned when the copy was made may have been signed since, and a serial is never signed twice.
Result<Done> Return::expire_planned() {
  const auto& ledger = work_->appliance.ledger;
  constexpr const char* kReason = "planned before the ledger was restored: it may have been signed since";
  auto batches = ledger.planned();
  if (!batches) return pass_on(batches);
  for (const auto& [batch, count] : *batches) {
    auto plans = ledger.plans(batch);
    if (!plans) return pass_on(plans);
    for (const auto& plan : *plans) {
      auto rows = ledger.certificates(batch, plan.issuer);
      if (!rows) return pass_on(rows);
      for (const auto& row : *rows) {
        if (row.state != CertificateState::Planned) continue;
        auto seq = change_.append({.name = "certificate.expired",
                                   .outcome = "refused",
                                   .details = {{"batch", batch},
                                               {"issuer", row.issuer},
                                               {"serial", to_upper_hex(row.serial)},
                                               {"tbs_sha256", to_hex(sha256(row.to_be_signed))},
                                               {"reason", kReason}}},
                                  batch);
        if (!seq) return pass_on(seq);
        auto set = change_.set_state(row.id, CertificateState::Expired, *seq, kReason);
        if (!set) return set;
      }
    }
  }
  return Done{};
}

Result<Return::Missing> Return::note_missing(std::uint64_t from) {
  const auto& ledger = work_->appliance.ledger;
  auto size = ledger.log_size();
  if (!size) return pass_on(size);
  Missing missing;
  std::map<std::pair<std::string, std::string>, MissingCertificate> open;  // by issuer and serial
  std::set<std::string> owners;
  auto read = ledger.each_line(from, *size, {}, [&](std::uint64_t, std::string_view line) -> Result<Done> {
    auto entry = log::parse_line(line);
    if (!entry) return pass_on(entry);
    const auto& [name, outcome, details] = entry->event;
    if (name == "key.generated") owners.insert(details.value("owner", ""));
    MissingCertificate certificate{.batch = details.value("batch", ""),
                                   .issuer = details.value("issuer", ""),
                                   .serial = details.value("serial", ""),
                                   .state = name == "certificate.started" ? "started" : "issued"};
    const std::pair id{certificate.issuer, certificate.serial};
    if (name == "certificate.untried" || name == "certificate.abandoned") open.erase(id);
    const bool exists = name == "certificate.issued" || name == "certificate.restored";
    if (exists || name == "certificate.started") open.insert_or_assign(id, certificate);
    return Done{};
  });
  if (!read) return pass_on(read);
  std::vector<std::int64_t> known_by_log;  // rows whose certificate was issued, and is not here
  for (auto& [id, certificate] : open) {
    const auto serial = from_hex(id.second);
    auto row = ledger.by_serial(id.first, serial.value_or(Bytes{}));
    if (!row) return pass_on(row);
    const bool started = *row && (*row)->state == CertificateState::Started;
    const bool issued = certificate.state == name_of(CertificateState::Issued);
    if ((*row && (*row)->state == CertificateState::Issued) || (started && !issued)) continue;
    if (*row && issued) known_by_log.push_back((*row)->id);
    missing.certificates.push_back(std::move(certificate));
  }
  for (const auto& owner : owners) {
    auto row = ledger.key(owner);
    if (!row) return pass_on(row);
    if (!*row) missing.keys.push_back(owner);
  }
  auto entry = record_missing(missing);
  if (!entry) return pass_on(entry);
  for (const auto id : known_by_log) {
    auto set = change_.set_lost(id, *entry, kOnlyLogKnows);
    if (!set) return pass_on(set);
  }
  return missing;
}

// In entries of a bounded size; gives the newest one.
Result<std::uint64_t> Return::record_missing(const Missing& missing) {
  std::uint64_t newest = 0;
  const auto& certificates = missing.certificates;
  for (std::size_t from = 0; from < certificates.size() || (from == 0 && !missing.keys.empty()); from += kMostNamed) {
    Json named = Json::array();
    for (std::size_t at = from; at < std::min(from + kMostNamed, certificates.size()); ++at) {
      named.push_back({{"batch", certificates[at].batch},
                       {"issuer", certificates[at].issuer},
                       {"serial", certificates[at].serial},
                       {"state", certificates[at].state}});
    }
    auto seq = change_.append({.name = "restore.incomplete",
                               .outcome = "error",
                               .details = {{"certificates", std::move(named)}, {"keys", missing.keys}}});
    if (!seq) return pass_on(seq);
    newest = *seq;
  }
  return newest;
}

Result<Receipt> Return::commit() && { return std::move(change_).commit(); }

}  // namespace sealroom
