#include "sealroom/issuance/told_by_log.hpp"

#include <optional>
#include <unordered_set>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "sealroom/base/each_of.hpp"
#include "sealroom/crypto/crypto.hpp"
#include "sealroom/issuance/key_ring.hpp"
#include "sealroom/issuance/restore.hpp"
#include "sealroom/x509/name.hpp"

namespace sealroom {
namespace {

std::unexpected<Error> changed(std::string_view what) {
  return fail(ErrorKind::Integrity, fmt::format("{}: is not what its log entry says", what),
              "the ledger was changed outside the daemon; keep it as it is and run `sealroom audit verify`");
}

Result<log::Entry> entry_at(const Ledger& ledger, std::uint64_t seq, std::string_view what) {
  return entry_in(ledger.line(seq), what);
}

// A plan that came back from an export, and whose own entry this log does not have.
Result<Done> agrees_with_return(const log::Entry& entry, const PlanRow& row, std::string_view what) {
  const auto& told = entry.event.details;
  const bool same = told.value("batch", "") == row.batch &&
                    told.value("plans", Json::object()).value(row.issuer, "") == to_hex(row.digest);
  return same ? Result<Done>(Done{}) : changed(what);
}

}  // namespace

Result<log::Entry> entry_in(Result<std::string> line, std::string_view what) {
  if (!line && line.error().kind != ErrorKind::Integrity) return pass_on(line);  // it says nothing about the ledger
  if (!line) return changed(what);
  auto entry = log::parse_line(*line);
  if (!entry) return changed(what);
  return entry;
}

Result<log::Entry> told_by(const Ledger& ledger, std::uint64_t seq, std::string_view name, std::string_view what) {
  auto entry = entry_at(ledger, seq, what);
  if (!entry) return entry;
  if (entry->event.name != name) return changed(what);
  return entry;
}

Result<KeyHistory> history_told(const Ledger& ledger, const KeyRow& row) {
  const auto what = fmt::format("key of {} in the ledger", row.owner);
  auto entry = told_by(ledger, row.entry, "key.generated", what);
  for (const auto how : {log::Succession::Rotated, log::Succession::Replaced}) {
    if (!entry && row.owner == kLogOwner) entry = told_by(ledger, row.entry, log::event_of(how), what);
  }
  const bool generated = entry.has_value();
  if (!generated) entry = told_by(ledger, row.entry, "key.adopted", what);
  if (!entry) return pass_on(entry);
  const auto& told = entry->event.details;
  const bool same = told.value("owner", "") == row.owner && told.value("key_id", "") == to_hex(row.key_id) &&
                    told.value("token_serial", "") == row.token_serial &&
                    told.value("public_key_sha256", "") == to_hex(sha256(row.public_key));
  if (!same) return changed(what);
  return generated ? KeyHistory::Proven : KeyHistory::Adopted;
}

Result<Done> agrees_with_log(const Ledger& ledger, const PlanRow& row) {
  const auto what = fmt::format("plan {}/{} in the ledger", row.batch, row.issuer);
  auto entry = entry_at(ledger, row.entry, what);
  if (!entry) return pass_on(entry);
  if (entry->event.name == "batch.restored") return agrees_with_return(*entry, row, what);
  if (entry->event.name != "plan.recorded") return changed(what);
  const auto& told = entry->event.details;
  const bool same = told.value("batch", "") == row.batch && told.value("issuer", "") == row.issuer &&
                    told.value("digest", "") == to_hex(row.digest) &&
                    told.value("valid_until", "") == to_rfc3339(row.valid_until);
  return same ? Result<Done>(Done{}) : changed(what);
}

Result<Done> agrees_with_log(const Ledger& ledger, const IssuerRow& row) {
  const auto what = fmt::format("chain of issuer {} in the ledger", row.name);
  auto entry = told_by(ledger, row.entry, "issuer.activated", what);
  if (!entry) return pass_on(entry);
  Json fingerprints = Json::array();
  for (const auto& der : row.chain) fingerprints.push_back(to_hex(sha256(der)));
  const auto& told = entry->event.details;
  const bool same =
      told.value("issuer", "") == row.name && told.value("certificates_sha256", Json::array()) == fingerprints;
  return same ? Result<Done>(Done{}) : changed(what);
}

namespace {

std::string what_is(const CertificateRow& row) {
  return fmt::format("certificate {} of {} in the ledger", to_upper_hex(row.serial), row.issuer);
}

// Whether `entry`, the one that `row` names, says what is in the row.
bool says(const log::Entry& entry, const CertificateRow& row) {
  const auto& [name, outcome, told] = entry.event;
  // It names many, and came when nobody had their certificates.
  if (name == "restore.incomplete" && row.state == CertificateState::Abandoned) return row.reason == kOnlyLogKnows;
  const bool state_fits = name == fmt::format("certificate.{}", name_of(row.state)) ||
                          (name == "certificate.untried" && row.state == CertificateState::Planned) ||
                          (name == "certificate.restored" && row.state == CertificateState::Issued);
  const auto agrees = [&told = told](const char* member, const std::string& stored) {
    const auto found = told.find(member);  // each event tells some of them (docs/audit-log.md)
    return found == told.end() || (found->is_string() && found->get_ref<const std::string&>() == stored);
  };
  return state_fits && agrees("batch", row.batch) && agrees("issuer", row.issuer) &&
         agrees("serial", to_upper_hex(row.serial)) && agrees("tbs_sha256", to_hex(sha256(row.to_be_signed))) &&
         agrees("request_sha256", to_hex(row.request_digest)) && agrees("key_sha256", to_hex(row.key_digest)) &&
         agrees("profile", row.profile) && agrees("subject", printable_name(row.subject)) &&
         agrees("not_before", to_rfc3339(row.not_before)) && agrees("not_after", to_rfc3339(row.not_after)) &&
         (row.state != CertificateState::Issued || agrees("certificate_sha256", to_hex(sha256(row.certificate))));
}

}  // namespace

Result<Done> agrees_with_log(const Ledger& ledger, const CertificateRow& row) {
  const auto what = what_is(row);
  auto entry = entry_at(ledger, row.entry, what);
  if (!entry) return pass_on(entry);
  return says(*entry, row) ? Result<Done>(Done{}) : changed(what);
}

namespace {

// Lines that are parsed together, by several threads.
constexpr std::size_t kLinesAtOnce = 1024;

std::string name_of(std::string_view issuer, std::string_view serial_hex) {
  return fmt::format("{}/{}", issuer, serial_hex);
}

// What one entry tells of one certificate.
struct Telling {
  std::string certificate;       // its name
  const CertificateRow* agrees;  // the row that names the entry and is as it says
  std::optional<bool> reissue;   // where it was planned
};

Telling telling_of(const log::Entry& entry, const CertificateRow* row) {
  const auto& details = entry.event.details;
  Telling telling{.certificate = name_of(details.value("issuer", ""), details.value("serial", "")),
                  .agrees = row != nullptr && says(entry, *row) ? row : nullptr,
                  .reissue = {}};
  if (entry.event.name == "certificate.planned") telling.reissue = !details.value("reissue_reason", "").empty();
  return telling;
}

}  // namespace

Result<BatchTold> BatchTold::read(const Ledger& ledger, std::string_view batch, std::span<const CertificateRow> rows,
                                  std::size_t threads) {
  auto size = ledger.log_size();
  if (!size) return pass_on(size);
  BatchTold told;
  std::unordered_map<std::uint64_t, const CertificateRow*> named;  // by the entry that the row names
  for (const auto& row : rows) named.emplace(row.entry, &row);
  std::unordered_set<const CertificateRow*> agreed;
  std::vector<std::pair<std::uint64_t, std::string>> lines;  // not yet parsed
  const auto take = [&]() -> Result<Done> {
    std::vector<std::optional<Telling>> tellings(lines.size());
    auto parsed = each_of(lines.size(), threads, [&](std::size_t i) -> Result<Done> {
      const auto& [seq, line] = lines[i];
      auto entry = log::parse_line(line);
      if (!entry) return pass_on(entry);
      const auto row = named.find(seq);
      if (entry->event.name.starts_with("certificate."))
        tellings[i] = telling_of(*entry, row == named.end() ? nullptr : row->second);
      return Done{};
    });
    if (!parsed) return parsed;
    for (std::size_t i = 0; i < lines.size(); ++i) {
      if (!tellings[i]) continue;
      auto& certificate = told.certificates_[tellings[i]->certificate];
      certificate.newest = lines[i].first;
      if (tellings[i]->agrees != nullptr) agreed.insert(tellings[i]->agrees);
      if (tellings[i]->reissue) certificate.reissue = *tellings[i]->reissue;
    }
    lines.clear();
    return Done{};
  };
  auto read = ledger.each_line(0, *size, batch, [&](std::uint64_t seq, std::string_view line) -> Result<Done> {
    lines.emplace_back(seq, line);
    return lines.size() < kLinesAtOnce ? Result<Done>(Done{}) : take();
  });
  if (read) read = take();
  if (!read) return pass_on(read);
  for (const auto& row : rows) {
    auto agrees = agreed.contains(&row) ? told.is_newest(row) : told.agrees(ledger, row);
    if (!agrees) return pass_on(agrees);
  }
  return told;
}

Result<Done> BatchTold::is_newest(const CertificateRow& row) const {
  const auto found = certificates_.find(name_of(row.issuer, to_upper_hex(row.serial)));
  if (found != certificates_.end() && row.entry < found->second.newest) {
    return fail(
        ErrorKind::Integrity,
        fmt::format("certificate {} of {} in the ledger: is as log entry {} left it, and entry {} speaks of it, too",
                    to_upper_hex(row.serial), row.issuer, row.entry, found->second.newest),
        "the ledger was changed outside the daemon; keep it as it is and run `sealroom audit verify`");
  }
  return Done{};
}

Result<Done> BatchTold::agrees(const Ledger& ledger, const CertificateRow& row) const {
  auto newest = is_newest(row);
  if (!newest) return newest;
  return agrees_with_log(ledger, row);
}

bool BatchTold::is_reissue(const CertificateRow& row) const {
  const auto found = certificates_.find(name_of(row.issuer, to_upper_hex(row.serial)));
  return found != certificates_.end() && found->second.reissue;
}

}  // namespace sealroom
