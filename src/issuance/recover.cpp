#include "sealroom/issuance/recovery.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "replan.hpp"
#include "sealroom/base/text.hpp"
#include "sealroom/crypto/crypto.hpp"

namespace sealroom {
namespace {

constexpr std::string_view kSuspect =
    "the daemon ended after this was started and before its outcome was recorded: a signature may exist";

Result<Done> burn(Change& change, const CertificateRow& row) {
  auto seq = change.append({.name = "certificate.abandoned",
                            .outcome = "error",
                            .details = {{"batch", row.batch},
                                        {"issuer", row.issuer},
                                        {"serial", to_upper_hex(row.serial)},
                                        {"tbs_sha256", to_hex(sha256(row.to_be_signed))},
                                        {"reason", kSuspect},
                                        {"proposed", "revocation"}}},
                           row.batch);
  if (!seq) return pass_on(seq);
  return change.set_state(row.id, CertificateState::Abandoned, *seq, kSuspect);
}

// The issuer of this appliance that asked with this request for its own certificate; its ceremony asks again.
Result<std::optional<std::string>> asked_by_issuer(const Ledger& ledger, const CertificateRow& row) {
  auto issuers = ledger.issuers();
  if (!issuers) return pass_on(issuers);
  for (const auto& issuer : *issuers) {
    if (!issuer.request.empty() && sha256(issuer.request) == row.request_digest) return std::optional(issuer.name);
  }
  return std::nullopt;
}

// What is to be planned again, by batch. The rest is left to ceremonies.
Result<std::map<std::string, std::set<std::uint64_t>>> requests_of(const Ledger& ledger, Recovered& recovered) {
  std::map<std::string, std::set<std::uint64_t>> wanted;
  for (const auto& row : recovered.burned) {
    auto issuer = asked_by_issuer(ledger, row);
    if (!issuer) return pass_on(issuer);
    if (*issuer) {
      recovered.ceremonies.push_back(**issuer);
    } else {
      wanted[row.batch].insert(row.request);
    }
  }
  return wanted;
}

Result<Done> account_for(Change& change, const Unaccounted& open) {
  for (const auto& gap : open.gaps) {
    auto accepted = accept_gap(change, gap);
    if (!accepted) return accepted;
  }
  for (const auto& row : open.suspects) {
    auto burned = burn(change, row);
    if (!burned) return burned;
  }
  for (const auto& intent : open.keys) {
    auto closed = close_intent(change, intent);
    if (!closed) return closed;
  }
  return Done{};
}

// The suspects of one batch, and what plans them again.
struct Again {
  Unaccounted suspects;
  Leftover left;
};

// Takes out of `open` what can be planned again.
Result<std::vector<Again>> planned_again(const Ledger& ledger, Unaccounted& open, Recovered& recovered) {
  auto wanted = requests_of(ledger, recovered);
  if (!wanted) return pass_on(wanted);
  std::vector<Again> all;
  for (const auto& [batch, positions] : *wanted) {
    auto left = leftover_of(ledger, batch, positions);
    if (!left) return pass_on(left);
    if (!left->intake.each_file) continue;  // each was planned again before, in another batch
    Again again{.suspects = {}, .left = std::move(*left)};
    const auto others = std::ranges::stable_partition(open.suspects, [&](const CertificateRow& row) {
      return row.batch != batch || !positions.contains(row.request);
    });
    again.suspects.suspects.assign(others.begin(), others.end());
    open.suspects.erase(others.begin(), others.end());
    all.push_back(std::move(again));
  }
  return all;
}

}  // namespace

Result<Unaccounted> unaccounted(const Ledger& ledger, const Configuration& configuration) {
  Unaccounted open;
  auto suspects = ledger.started();
  if (!suspects) return pass_on(suspects);
  open.suspects = std::move(*suspects);
  std::vector<std::string_view> owners{kLogOwner};
  for (const auto& [name, settings] : configuration.issuers()) owners.push_back(name);
  for (const auto owner : owners) {
    auto intent = open_key_intent(ledger, owner);
    if (!intent) return pass_on(intent);
    if (*intent) ((*intent)->act == KeyAct::Destruction ? open.destructions : open.keys).push_back(**intent);
  }
  auto gaps = open_gaps(ledger, configuration);
  if (!gaps) return pass_on(gaps);
  open.gaps = std::move(*gaps);
  return open;
}

Result<Done> nothing_unaccounted(const Ledger& ledger, const Configuration& configuration) {
  auto continues = no_open_gap(ledger, configuration);
  if (!continues) return continues;

  auto suspects = ledger.started();
  if (!suspects) return pass_on(suspects);
  if (suspects->empty()) return Done{};
  return fail(ErrorKind::NeedsPerson,
              fmt::format("{} certificate(s) of batch {} were started and have no outcome: signatures may exist",
                          suspects->size(), suspects->front().batch),
              "account for them before anything else is signed: sealroom recover");
}

Result<Recovered> recover(const Work& work, Gaps gaps) {
  auto& configuration = work.appliance.configuration;
  auto& ledger = work.appliance.ledger;
  auto open = unaccounted(ledger, configuration);
  if (!open) return pass_on(open);
  if (gaps == Gaps::Keep) {
    auto continues = no_open_gap(ledger, configuration);
    if (!continues) return pass_on(continues);
  }
  Recovered recovered{
      .burned = open->suspects, .keys = open->keys, .planned = {}, .ceremonies = {}, .gaps = open->gaps};
  if (open->empty()) return recovered;
  auto again = planned_again(ledger, *open, recovered);
  if (!again) return pass_on(again);
  if (!open->empty()) {
    auto change = work.begin();
    if (!change) return pass_on(change);
    auto noted = account_for(*change, *open);
    if (!noted) return pass_on(noted);
    auto receipt = std::move(*change).commit();
    if (!receipt) return pass_on(receipt);
  }
  for (auto& [suspects, left] : *again) {
    // Burned and planned again at once: whatever happens in between, the next recover() finds both or neither.
    left.intake.beforehand = [&suspects = suspects](Change& change) { return account_for(change, suspects); };
    auto planned = plan(work, left.intake);
    if (!planned) return pass_on(planned, "recover");
    recovered.planned.push_back(std::move(*planned));
  }
  return recovered;
}

}  // namespace sealroom
