#include "facts.hpp"

#include <limits>

#include <fmt/format.h>

#include "sealroom/base/text.hpp"
#include "sealroom/crypto/crypto.hpp"
#include "sealroom/issuance/restore.hpp"
#include "sealroom/issuance/told_by_log.hpp"

namespace sealroom {
namespace {

EarlierCertificate earlier(const CertificateRow& row) {
  return {.batch = row.batch,
          .issuer = row.issuer,
          .serial = to_upper_hex(row.serial),
          .subject = row.subject,
          .not_after = row.not_after};
}

// Whether `row` stands in the way of another certificate: it exists or may exist, or comes before it in one batch.
bool counts(const CertificateRow& row, std::string_view batch, const CertificateRow* self, Instant now) {
  if (self != nullptr && row.id == self->id) return false;
  if (row.not_after < now) return false;
  switch (row.state) {
    case CertificateState::Issued:
    case CertificateState::Started: return true;
    case CertificateState::Planned:
    case CertificateState::Approved: return row.batch == batch && (self == nullptr || row.id < self->id);
    case CertificateState::Abandoned: return row.reason == kOnlyLogKnows;
    default: return false;
  }
}

// A key of our own is no leaf's key. The exceptions are an issuer's own certificate, and the request that an
// issuer of this appliance made for itself.
Result<std::optional<std::string>> key_of_issuer(const Ledger& ledger, const Asked& asked,
                                                 const RulesInForce& in_force) {
  for (const auto& [owner, key] : in_force.keys) {
    if (key != asked.key) continue;
    const bool own = in_force.rules.profile->own_certificate && owner == in_force.issuer;
    if (own) return std::nullopt;
    auto row = issuer_row(ledger, owner);
    if (!row) return pass_on(row);
    const bool its_request = in_force.rules.profile->purpose == Purpose::Ca && sha256(row->request) == asked.request;
    if (its_request) return std::nullopt;
    return std::optional(owner);
  }
  return std::nullopt;
}

}  // namespace

Result<RulesInForce> rules_in_force(const Appliance& appliance, std::string_view issuer, std::string_view profile) {
  const auto* settings = appliance.configuration.issuer(issuer);
  const auto* found = appliance.configuration.profile(issuer, profile);
  if (settings == nullptr || found == nullptr) {
    return fail(ErrorKind::Usage,
                fmt::format("issuer \"{}\" has no profile \"{}\"", printable(issuer), printable(profile)),
                "profiles are listed in sealroom.yaml");
  }
  RulesInForce in_force;
  in_force.issuer = issuer;
  in_force.profile = profile;
  in_force.rules.issuer = &settings->config;
  in_force.rules.profile = found;
  in_force.rules.permitted = &settings->permitted;
  in_force.rules.limits = appliance.configuration.limits().request;
  in_force.rules.keys = appliance.configuration.keys();
  auto keys = appliance.ledger.keys();
  if (!keys) return pass_on(keys);
  for (auto& key : *keys) in_force.keys.push_back({std::move(key.owner), sha256(key.public_key)});
  if (found->own_certificate) {
    auto row = issuer_row(appliance.ledger, issuer);
    if (!row) return pass_on(row);
    if (row->state != "active") return in_force;  // the certificate that is yet to be made
  }
  auto chain = chain_of(appliance.ledger, issuer);
  if (!chain) return pass_on(chain);
  auto verified = IssuerChain::verify(std::move(*chain));
  if (!verified) return pass_on(verified, issuer);
  in_force.chain = std::make_shared<const IssuerChain>(std::move(*verified));
  in_force.rules.issuer_certificate = &in_force.chain->issuer();
  in_force.rules.above = in_force.chain->above();
  return in_force;
}

Result<Facts> facts_about(const Ledger& ledger, const Asked& asked, const RulesInForce& in_force,
                          std::string_view batch, Instant now, const CertificateRow* self) {
  Facts facts;
  facts.now = now;

  auto by_request = ledger.by_request(asked.request, self != nullptr ? std::optional(self->id) : std::nullopt);
  if (!by_request) return pass_on(by_request);
  for (const auto& row : *by_request) {
    if (row.batch == batch || !counts(row, batch, self, facts.now)) continue;
    auto agrees = agrees_with_log(ledger, row);
    if (!agrees) return pass_on(agrees);
    facts.same_request = earlier(row);
  }
  const auto before = self == nullptr ? std::numeric_limits<std::int64_t>::max() : self->id;
  auto by_key =
      ledger.by_key(asked.key, before, [&](const CertificateRow& row) { return counts(row, batch, self, facts.now); });
  if (!by_key) return pass_on(by_key);
  for (const auto& row : *by_key) facts.same_key.push_back(earlier(row));
  // Where subjects may repeat they can repeat by the thousand, and no rule asks.
  if (in_force.rules.issuer->unique_subject() == UniqueSubject::Yes) {
    auto by_subject = ledger.by_subject(in_force.issuer, asked.subject);
    if (!by_subject) return pass_on(by_subject);
    for (const auto& row : *by_subject) {
      if (counts(row, batch, self, facts.now)) facts.same_subject.push_back(earlier(row));
    }
  }
  for (const auto& [owner, key] : in_force.keys) {
    if (owner == in_force.issuer) facts.issuer_key = key;
  }
  auto owner = key_of_issuer(ledger, asked, in_force);
  if (!owner) return pass_on(owner);
  facts.key_of_issuer = *owner;
  return facts;
}

void allow_reissue(Facts& facts) {
  facts.same_request.reset();
  facts.same_key.clear();
}

}  // namespace sealroom
