#include <algorithm>
#include <span>

#include <fmt/format.h>

#include "sealroom/base/text.hpp"
#include "sealroom/crypto/crypto.hpp"
#include "sealroom/issuance/keys.hpp"
#include "sealroom/x509/name.hpp"

namespace sealroom {
namespace {

ActDone outcome_of(const Certificate& certificate, std::string_view batch, bool repeated) {
  return {.outcome = {{"batch", std::string(batch)},
                      {"serial", certificate.serial_hex()},
                      {"fingerprint", to_hex(certificate.digest())},
                      {"not_before", to_rfc3339(certificate.not_before())},
                      {"not_after", to_rfc3339(certificate.not_after())}},
          .repeated = repeated};
}

// The valid certificate that `issuer` made for exactly this request, if there is one.
Result<std::optional<IssuedCertificate>> issued_for(const Appliance& appliance, std::string_view issuer,
                                                    const Digest& request) {
  auto rows = appliance.ledger.by_request(request);
  if (!rows) return pass_on(rows);
  for (const auto& row : *rows) {
    if (row.issuer != issuer || row.state != CertificateState::Issued || row.not_after < appliance.clock.now())
      continue;
    auto issued = IssuedCertificate::read(appliance.ledger, row);
    if (!issued) return pass_on(issued);
    return std::optional(std::move(*issued));
  }
  return std::nullopt;
}

// An earlier certificate is taken for what a step asks only when it is that.
Result<Done> check_same(const IssuedCertificate& issued, std::string_view profile, int days) {
  const auto& row = issued.row();
  const auto lasts = row.not_after - row.not_before;
  if (row.profile == profile && (days == 0 || lasts == std::chrono::days(days))) return Done{};
  return fail(
      ErrorKind::Usage,
      fmt::format("a certificate for this request was issued before under profile {} for {} days (serial {}, batch {})",
                  row.profile, std::chrono::floor<std::chrono::days>(lasts).count(), to_upper_hex(row.serial),
                  row.batch),
      "ask for the same again, or import the request with --reissue and a reason");
}

// One CA request through the same stages as every other: plan, sign, issued.
Result<IssuedCertificate> issue_one(const Work& work, std::string_view issuer, std::string_view profile,
                                    std::string_view name, const Bytes& request, int days) {
  Intake intake{.each_file = [&](const auto& visit) {
    return visit(Submission{fmt::format("{}/{}/{}.csr", issuer, profile, name), request});
  }};
  intake.own_certificate = issuer == name;
  if (days > 0) intake.wish.days = days;
  auto batch = plan(work, intake);
  if (!batch) return pass_on(batch);
  auto verdict = verdict_at(work.appliance.ledger, batch->id, 0);
  if (!verdict) return pass_on(verdict);
  if (verdict->at("verdict") != "accepted") {
    const auto& first = verdict->at("findings").at(0);
    return fail(batch->needs_person ? ErrorKind::NeedsPerson : ErrorKind::Failed,
                fmt::format("batch {}: the request of {} was refused: {}: {}", batch->id, name,
                            first.at("id").get<std::string>(), first.at("detail").get<std::string>()));
  }
  auto made = sign(work, batch->id, issuer);
  if (!made) return pass_on(made);
  if (!made->waiting.empty()) return fail(ErrorKind::NeedsPerson, made->waiting.front().reason);
  auto issued = issued_for(work.appliance, issuer, sha256(request));
  if (!issued) return pass_on(issued);
  if (!*issued) {
    return fail(ErrorKind::Failed, fmt::format("batch {}: the certificate was not signed", batch->id),
                fmt::format("sealroom batch show {}", batch->id));
  }
  return std::move(**issued);
}

// Whether every entry of `name` stands in `whole` too: a parent's policy may drop parts and change their order, and
// adds none.
Result<bool> is_part_of(ByteView name, ByteView whole) {
  auto entries = name_entries(name);
  if (!entries) return pass_on(entries);
  auto all = name_entries(whole);
  if (!all) return pass_on(all);
  return !entries->empty() && std::ranges::all_of(*entries, [&](const NameEntry& entry) {
    return std::ranges::any_of(
        *all, [&](const NameEntry& other) { return other.oid == entry.oid && other.value == entry.value; });
  });
}

Result<Done> check_own(const Configuration& configuration, const Ledger& ledger, std::string_view issuer,
                       const std::vector<Certificate>& chain, Instant now) {
  const auto refuse = [&](std::string what) {
    return fail(ErrorKind::Usage, fmt::format("the chain for issuer {}: {}", issuer, what),
                "give the issuer's own certificate first and its root last");
  };
  const auto* settings = configuration.issuer(issuer);
  if (settings == nullptr)
    return fail(ErrorKind::Usage, fmt::format("there is no issuer \"{}\" in sealroom.yaml", issuer));
  if (chain.empty()) return refuse("it is empty");
  auto key = ledger.key(issuer);
  if (!key) return pass_on(key);
  if (!*key)
    return fail(ErrorKind::NeedsPerson, fmt::format("issuer {} has no key yet", issuer), "make it in a ceremony");
  const auto& own = chain.front();
  if (own.key().der() != (*key)->public_key) return refuse("its first certificate is not for the key on the token");
  auto part = is_part_of(own.subject(), settings->config.own_name());
  if (!part) return pass_on(part, issuer);
  if (!*part) {
    return refuse(fmt::format("its first certificate is for \"{}\", but {} says \"{}\"", printable_name(own.subject()),
                              settings->config.file(), printable_name(settings->config.own_name())));
  }
  for (const auto& certificate : chain) {
    if (!certificate.is_ca() || !certificate.may_sign_certificates()) {
      return refuse(fmt::format("\"{}\" is not a CA", printable_name(certificate.subject())));
    }
  }
  if (!chain.back().self_issued() || !chain.back().signed_by(chain.back().key())) {
    return refuse("its last certificate is not self-signed");
  }
  for (const auto& certificate : std::span(chain).first(chain.size() - 1)) {
    if (certificate.self_issued()) {
      return refuse(fmt::format("\"{}\" is a root and not the last", printable_name(certificate.subject())));
    }
  }
  auto builds = verify_chain(chain, now, "any");
  if (!builds) return refuse(builds.error().message);
  return Done{};
}

// Whether exactly this root was issued here: then nobody has to vouch for it.
Result<bool> made_here(const Ledger& ledger, const Certificate& root) {
  auto row = ledger.by_serial("", root.serial());
  if (!row) return pass_on(row);
  return *row && (*row)->state == CertificateState::Issued && (*row)->certificate == root.der();
}

}  // namespace

Result<ActDone> self_sign(const Work& work, std::string_view issuer, std::string_view profile, int days) {
  auto row = issuer_row(work.appliance.ledger, issuer);
  if (!row) return pass_on(row);
  if (row->state == "active") {
    auto chain = chain_of(work.appliance.ledger, issuer);
    if (!chain) return pass_on(chain);
    auto before = issued_for(work.appliance, issuer, sha256(row->request));
    if (!before) return pass_on(before);
    if (!*before)
      return fail(ErrorKind::Usage,
                  fmt::format("issuer {} is active with a certificate that it did not sign itself", issuer));
    auto same = check_same(**before, profile, days);
    if (!same) return pass_on(same);
    return outcome_of(chain->front(), (*before)->row().batch, true);
  }
  auto request = request_certificate(work, issuer);
  if (!request) return pass_on(request);
  auto issued = issued_for(work.appliance, issuer, sha256(*request));
  if (!issued) return pass_on(issued);
  if (*issued) {
    auto same = check_same(**issued, profile, days);
    if (!same) return pass_on(same);
  } else {
    auto made = issue_one(work, issuer, profile, issuer, *request, days);
    if (!made) return pass_on(made);
    *issued = std::move(*made);
  }
  const auto& certificate = (*issued)->certificate();
  auto installed = install_chain(work, issuer, {certificate}, {});
  if (!installed) return installed;
  return outcome_of(certificate, (*issued)->row().batch, false);
}

Result<ActDone> issue_for(const Work& work, std::string_view issuer, std::string_view subject, std::string_view profile,
                          int days) {
  auto row = issuer_row(work.appliance.ledger, subject);
  if (!row) return pass_on(row);
  if (row->request.empty()) {
    return fail(ErrorKind::NeedsPerson, fmt::format("issuer {} has made no request yet", subject),
                fmt::format("sealroom issuer request {}", subject));
  }
  auto before = issued_for(work.appliance, issuer, sha256(row->request));
  if (!before) return pass_on(before);
  if (*before) {
    auto same = check_same(**before, profile, days);
    if (!same) return pass_on(same);
    return outcome_of((*before)->certificate(), (*before)->row().batch, true);
  }
  auto made = issue_one(work, issuer, profile, subject, row->request, days);
  if (!made) return pass_on(made);
  return outcome_of(made->certificate(), made->row().batch, false);
}

Result<std::vector<Certificate>> chain_issued_here(const Work& work, std::string_view issuer) {
  auto row = issuer_row(work.appliance.ledger, issuer);
  if (!row) return pass_on(row);
  for (const auto& [name, settings] : work.appliance.configuration.issuers()) {
    if (name == issuer || row->request.empty()) continue;
    auto issued = issued_for(work.appliance, name, sha256(row->request));
    if (!issued) return pass_on(issued);
    if (!*issued) continue;
    auto chain = chain_of(work.appliance.ledger, name);
    if (!chain) return pass_on(chain);
    chain->insert(chain->begin(), (*issued)->certificate());
    return std::move(*chain);
  }
  return fail(ErrorKind::Failed, fmt::format("no issuer of this appliance has a certificate for {}", issuer),
              "give the file with its certificate and chain");
}

Result<ActDone> install_chain(const Work& work, std::string_view issuer, const std::vector<Certificate>& chain,
                              std::string_view confirmed) {
  auto& ledger = work.appliance.ledger;
  auto right = check_own(work.appliance.configuration, ledger, issuer, chain, work.appliance.clock.now());
  if (!right) return pass_on(right);
  auto row = issuer_row(ledger, issuer);
  if (!row) return pass_on(row);
  std::vector<Bytes> ders;
  for (const auto& certificate : chain) ders.push_back(certificate.der());
  if (row->state == "active" && row->chain == ders) return outcome_of(chain.front(), "", true);

  const auto fingerprint = to_hex(chain.back().digest());
  auto ours = made_here(ledger, chain.back());
  if (!ours) return pass_on(ours);
  if (!*ours && ascii_lower(confirmed) != fingerprint.substr(fingerprint.size() - 8)) {
    return fail(ErrorKind::NeedsPerson,
                confirmed.empty()
                    ? fmt::format("the root of {} was made elsewhere and nobody has vouched for it", issuer)
                    : fmt::format("\"{}\" is not the end of the root's fingerprint", printable(confirmed)),
                "compare the root's SHA-256 fingerprint with the one from its ceremony and type its last eight digits");
  }
  row->state = "active";
  row->chain = std::move(ders);
  Json fingerprints = Json::array();
  for (const auto& certificate : chain) fingerprints.push_back(to_hex(certificate.digest()));
  auto change = work.begin();
  if (!change) return pass_on(change);
  auto seq = change->append(
      {.name = "issuer.activated",
       .outcome = "ok",
       .details = {{"issuer", issuer},
                   {"certificates_sha256", fingerprints},
                   {"root_made_here", *ours},
                   {"confirmed", std::string(*ours ? "" : fingerprint.substr(fingerprint.size() - 8))}}});
  if (!seq) return pass_on(seq);
  row->entry = *seq;
  auto put = change->put_issuer(*row);
  if (!put) return pass_on(put);
  auto receipt = std::move(*change).commit();
  if (!receipt) return pass_on(receipt);
  auto covered = checkpoint_if_unlocked(work);
  if (!covered) return pass_on(covered);
  auto done = outcome_of(chain.front(), "", false);
  done.outcome.erase(done.outcome.begin());  // no batch of ours
  return done;
}

}  // namespace sealroom
