#include "sealroom/issuance/appliance.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "sealroom/crypto/crypto.hpp"
#include "sealroom/issuance/anchors.hpp"
#include "sealroom/issuance/told_by_log.hpp"

namespace sealroom {
namespace {

constexpr std::uint64_t kMostUncovered = 20'000;  // entries; a start reads so many again in less than a second

// What a configuration's entry belongs to, so that it is found without reading the whole log.
std::string configuration_tag(std::string_view digest) { return fmt::format("configuration/{}", digest); }

Result<Change> begin_at(const Work& work, Instant time) {
  const auto& appliance = work.appliance;
  return appliance.ledger.begin({.time = time,
                                 .boot_id = appliance.clock.boot_id(),
                                 .boot_ms = static_cast<std::uint64_t>(appliance.clock.since_boot().count()),
                                 .actor = work.actor,
                                 .software = appliance.software,
                                 .configuration = to_hex(appliance.configuration.digest())});
}

// The configuration in force stands in the log before anything else that it governs.
Result<Change> under_configuration(Result<Change> change, const Appliance& appliance) {
  if (!change) return change;
  auto recorded = record_configuration(*change, appliance);
  if (!recorded) return pass_on(recorded);
  return change;
}

}  // namespace

Result<Done> record_configuration(Change& change, const Appliance& appliance) {
  const auto digest = to_hex(appliance.configuration.digest());
  auto known = appliance.ledger.newest_line(configuration_tag(digest));
  if (!known) return pass_on(known);
  if (*known) return Done{};
  Json files = Json::object();
  for (const auto& file : appliance.configuration.files()) files[file.name] = to_base64(as_bytes(file.text));
  auto seq = change.append(
      {.name = "configuration.loaded", .outcome = "ok", .details = {{"digest", digest}, {"files", files}}},
      configuration_tag(digest));
  if (!seq) return pass_on(seq);
  return Done{};
}

Result<Done> clock_is_not_behind(const Ledger& ledger, const Clock& clock) {
  const auto now = clock.now();
  auto newest = newest_entry(ledger);
  if (!newest) return pass_on(newest);
  if (!*newest || now >= (*newest)->context.time) return Done{};
  return fail(
      ErrorKind::Integrity,
      fmt::format("the clock says {}, but the newest log entry is of {}", to_rfc3339(now),
                  to_rfc3339((*newest)->context.time)),
      "set the clock of this machine; when the log itself is ahead, because the clock once was: sealroom recover "
      "--correct-clock");
}

Result<Change> Work::begin() const {
  auto possible = clock_is_not_behind(appliance.ledger, appliance.clock);
  if (!possible) return pass_on(possible);
  return under_configuration(begin_at(*this, appliance.clock.now()), appliance);
}

Result<Change> Work::begin_outcome() const {
  auto newest = newest_entry(appliance.ledger);
  if (!newest) return pass_on(newest);
  const auto now = appliance.clock.now();
  return under_configuration(begin_at(*this, *newest ? std::max(now, (*newest)->context.time) : now), appliance);
}

Result<Change> Work::begin_corrected() const { return begin_at(*this, appliance.clock.now()); }

std::unexpected<Error> stopped() {
  return fail(ErrorKind::Failed, "the daemon is stopping", "start it again and repeat");
}

Result<Receipt> record(const Work& work, const log::Event& event, std::string_view batch) {
  auto change = work.begin();
  if (!change) return pass_on(change);
  auto seq = change->append(event, batch);
  if (!seq) return pass_on(seq);
  return std::move(*change).commit();
}

Result<std::optional<log::Entry>> newest_entry(const Ledger& ledger, std::string_view batch) {
  auto line = ledger.newest_line(batch);
  if (!line) return pass_on(line);
  if (!*line) return std::nullopt;
  auto entry = log::parse_line(**line);
  if (!entry) return pass_on(entry);
  return std::optional(std::move(*entry));
}

namespace {

// The next checkpoint, over the log as it is.
Result<CheckpointRow> signed_checkpoint(const Work& work) {
  auto& configuration = work.appliance.configuration;
  auto& ledger = work.appliance.ledger;
  auto& keys = work.appliance.keys;
  auto& clock = work.appliance.clock;
  auto size = ledger.log_size();
  if (!size) return pass_on(size);
  auto key = keys.key(kLogOwner);
  if (!key) return pass_on(key);
  auto root = ledger.root(*size);
  if (!root) return pass_on(root);
  const log::Checkpoint made{.origin = configuration.log_origin(), .size = *size, .root = *root};
  auto signature = (*key)->sign(as_bytes(log::note_text(made)), HashAlgorithm::Sha256);
  if (!signature) return pass_on(signature, "checkpoint");
  keys.used(kLogOwner, clock.since_boot());

  CheckpointRow row{.size = *size, .root = *root, .note = log::signed_note(made, (*key)->public_key(), *signature)};
  auto in_force = ledger.log_keys();
  if (!in_force) return pass_on(in_force);
  auto verified = log::verify_note(row.note, in_force->value());
  if (!verified) return fail(ErrorKind::Token, "the log token made a signature that does not verify");
  return row;
}

}  // namespace

Result<CheckpointRow> checkpoint(const Work& work) {
  auto& configuration = work.appliance.configuration;
  auto& ledger = work.appliance.ledger;
  if (work.stopping()) return stopped();  // what has to be signed at the end, the daemon's own work signs
  auto continues = no_open_gap(ledger, configuration);
  if (!continues) return pass_on(continues);
  auto size = ledger.log_size();
  if (!size) return pass_on(size);
  auto newest = ledger.newest_checkpoint();
  if (!newest) return pass_on(newest);
  if (*newest && (*newest)->size == *size) {
    auto remembered = anchor_tokens(work, **newest);
    if (!remembered) return pass_on(remembered);
    return **newest;
  }

  auto row = signed_checkpoint(work);
  if (!row) return row;
  auto change = work.begin_outcome();
  if (!change) return pass_on(change);
  auto added = change->add_checkpoint(*row);
  if (!added) return pass_on(added);
  auto receipt = std::move(*change).commit();
  if (!receipt) return pass_on(receipt);
  auto remembered = anchor_tokens(work, *row);
  if (!remembered) return pass_on(remembered);
  return row;
}

std::optional<CheckpointRow> checkpoint_meanwhile(const Work& work) {
  const auto& ledger = work.appliance.ledger;
  const auto size = ledger.log_size();
  const auto newest = ledger.newest_checkpoint();
  if (!size || !newest || *size <= (*newest ? (*newest)->size : 0) + kMostUncovered || work.stopping()) return {};
  const auto key = work.appliance.keys.key(kLogOwner);
  if (!key || (*key)->threads() < 2 || !no_open_gap(ledger, work.appliance.configuration)) return {};
  auto row = signed_checkpoint(work);
  return row ? std::optional(std::move(*row)) : std::nullopt;
}

Result<std::optional<CheckpointRow>> checkpoint_if_unlocked(const Work& work) {
  if (!work.appliance.keys.key(kLogOwner)) return std::nullopt;
  // A log that a token says is another one is not signed; what is asked for is done without a checkpoint.
  if (!no_open_gap(work.appliance.ledger, work.appliance.configuration)) return std::nullopt;
  auto made = checkpoint(work);
  if (!made) return pass_on(made);
  return std::optional(*made);
}

Result<std::vector<ConfigurationFile>> recorded_configuration(const Ledger& ledger, std::string_view digest) {
  std::vector<ConfigurationFile> files;
  auto size = ledger.log_size();
  if (!size) return pass_on(size);
  auto read =
      ledger.each_line(0, *size, configuration_tag(digest), [&](std::uint64_t, std::string_view line) -> Result<Done> {
        auto entry = log::parse_line(line);
        if (!entry) return pass_on(entry);
        for (const auto& [name, text] : entry->event.details.at("files").items()) {
          const auto octets = from_base64(text.get<std::string>());
          if (octets) files.push_back({name, std::string(as_text(*octets))});
        }
        return Done{};
      });
  if (!read) return pass_on(read);
  if (files.empty()) {
    return fail(ErrorKind::Integrity, fmt::format("the log does not hold the configuration {}", digest));
  }
  return files;
}

Result<IssuerRow> issuer_row(const Ledger& ledger, std::string_view issuer) {
  auto row = ledger.issuer(issuer);
  if (!row) return pass_on(row);
  if (*row) return **row;
  return IssuerRow{.name = std::string(issuer), .state = "configured", .request = {}, .chain = {}, .entry = 0};
}

Result<std::vector<Certificate>> chain_of(const Ledger& ledger, std::string_view issuer) {
  auto row = issuer_row(ledger, issuer);
  if (!row) return pass_on(row);
  if (row->state != "active") {
    return fail(ErrorKind::NeedsPerson,
                fmt::format("issuer {} is not active (its state is \"{}\")", issuer, row->state),
                "run the ceremony that makes its key and certificate, or `sealroom issuer install`");
  }
  auto agrees = agrees_with_log(ledger, *row);
  if (!agrees) return pass_on(agrees);
  std::vector<Certificate> chain;
  for (const auto& der : row->chain) {
    auto certificate = Certificate::parse(der);
    if (!certificate)
      return fail(ErrorKind::Integrity,
                  fmt::format("certificate of issuer {} in the ledger: {}", issuer, certificate.error().message));
    chain.push_back(std::move(*certificate));
  }
  return chain;
}

}  // namespace sealroom
