#include "open_batch.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "sealroom/base/text.hpp"
#include "sealroom/crypto/crypto.hpp"
#include "sealroom/log/canonical.hpp"
#include "sealroom/plan/report.hpp"
#include "sealroom/x509/name.hpp"

namespace sealroom {
namespace {

std::string key_of(std::string_view issuer, std::string_view profile) { return fmt::format("{}/{}", issuer, profile); }

}  // namespace

OpenBatch::Place OpenBatch::place_of(std::string_view path) {
  const auto parts = split(path, '/');
  if (parts.size() != 3) return {};
  return {.issuer = std::string(parts[0]), .profile = std::string(parts[1])};
}

Result<OpenBatch> OpenBatch::open(const Work& work, const Intake& intake) {
  if (intake.files.empty()) {
    return fail(ErrorKind::Failed, "there are no requests", "put them into requests/ISSUER/PROFILE/ on the medium");
  }
  if (!std::ranges::is_sorted(intake.files, {}, path_of)) {
    return fail(ErrorKind::Usage, "requests are not in octet order of their paths");
  }
  auto id = work.appliance.ledger.next_batch_id(work.appliance.clock.now(), intake.taken);
  if (!id) return pass_on(id);
  auto change = work.begin();
  if (!change) return pass_on(change);
  if (intake.beforehand) {
    auto done = intake.beforehand(*change);
    if (!done) return pass_on(done);
  }

  OpenBatch batch(work, intake, std::move(*change));
  batch.id_ = *id;
  batch.now_ = work.appliance.clock.now();
  batch.total_ = intake.files.size();
  for (const auto& [path, reason] : intake.reissue) {
    const bool there =
        std::ranges::any_of(intake.files, [&](const Found& file) { return printable(path_of(file)) == path; });
    if (!there) return fail(ErrorKind::Usage, fmt::format("--reissue {}: there is no such file below requests/", path));
  }
  for (const auto& file : intake.files) {
    const auto place = place_of(path_of(file));
    batch.paths_[key_of(place.issuer, place.profile)].push_back(path_of(file));
  }
  return batch;
}

Result<Done> OpenBatch::take(Found file) {
  work_.progress(taken_++, total_);
  const auto place = place_of(path_of(file));
  if (const auto* passed = std::get_if<IgnoredFile>(&file)) {
    ignore(passed->path, passed->reason);
    return Done{};
  }
  if (!place.issuer.empty() && work_.appliance.configuration.issuer(place.issuer) == nullptr) {
    ignore(path_of(file), fmt::format("not for this appliance: it has no issuer \"{}\"", printable(place.issuer)));
    return Done{};
  }
  if (const auto* unreadable = std::get_if<UnreadableFile>(&file)) {
    return refuse_file(unreadable->path, {}, {unreadable->id, unreadable->detail});
  }
  auto& submission = std::get<Submission>(file);
  if (place.issuer.empty()) {
    return refuse_file(submission.path, submission.octets,
                       {"media.unplaced", "the file is not in requests/ISSUER/PROFILE/; move it there"});
  }
  const auto& in_force = rules_of(place);
  if (!in_force && in_force.error().kind == ErrorKind::Integrity) return std::unexpected(in_force.error());
  if (!in_force) {
    const bool inactive = in_force.error().kind == ErrorKind::NeedsPerson;
    needs_person_ = needs_person_ || inactive;
    return refuse_file(submission.path, submission.octets,
                       {inactive ? "issuer.not-active" : "profile.unknown",
                        fmt::format("{}; {}", in_force.error().message, in_force.error().hint)});
  }
  const auto own = intake_.wishes.find(printable(submission.path));
  return judge(std::move(submission), *in_force, own == intake_.wishes.end() ? intake_.wish : own->second);
}

Result<Facts> OpenBatch::facts(const Examination& examination, const RulesInForce& in_force) const {
  auto facts = facts_about(work_.appliance, examination, in_force, id_, nullptr);
  if (!facts || examination.request() == nullptr) return facts;
  if (intake_.reissue.contains(printable(examination.submission.path))) allow_reissue(*facts);
  const auto first = first_path_.find(examination.request()->digest());
  if (first != first_path_.end()) facts->same_request_in_batch = first->second;
  return facts;
}

void OpenBatch::refuse_own_profile(Examination& examination, const RulesInForce& in_force) const {
  if (intake_.own_certificate || !in_force.rules.profile->own_certificate) return;
  examination.refusals.push_back(
      {"profile.own-certificate",
       fmt::format("profile {} is for the issuer's own certificate, which is made in a ceremony and "
                   "never from a medium; choose another profile",
                   in_force.profile)});
}

Result<Done> OpenBatch::refuse(const Refusal& refusal) {
  const auto place = place_of(refusal.examination.submission.path);
  return refuse_request(refusal.examination, verdict_of(Decision(refusal), place.issuer, place.profile));
}

// The request would be granted, but its certificate would break a certificate rule.
Result<Done> OpenBatch::refuse(const Permit& permit, const Error& error) {
  auto examination = permit.examination();
  examination.refusals.push_back({"profile.unfit", error.message});
  return refuse(Refusal{std::move(examination)});
}

Result<Done> OpenBatch::refuse_request(const Examination& examination, const Json& verdict) {
  const auto place = place_of(examination.submission.path);
  RequestRow row{.batch = id_,
                 .position = position_++,
                 .path = examination.submission.path,
                 .name = {},
                 .issuer = place.issuer,
                 .profile = place.profile,
                 .octets = examination.submission.octets,
                 .digest = {},
                 .verdict = {}};
  if (const auto* request = examination.request()) row.digest = request->digest();
  return note(std::move(row), verdict, {});
}

Result<Done> OpenBatch::refuse_file(std::string_view path, ByteView octets, const Finding& finding) {
  const auto place = place_of(path);
  const bool known = work_.appliance.configuration.profile(place.issuer, place.profile) != nullptr;
  RequestRow row{.batch = id_,
                 .position = position_++,
                 .path = std::string(path),
                 .name = {},
                 .issuer = place.issuer,
                 .profile = known ? place.profile : std::string(),
                 .octets = copy(octets),
                 .digest = {},
                 .verdict = {}};
  return note(std::move(row), verdict_of_unreadable(path, place.issuer, place.profile, {finding}), {});
}

Result<Done> OpenBatch::add(const Permit& permit, const PlannedCertificate& planned, const Wish& wish) {
  const auto& examination = permit.examination();
  const auto& request = permit.csr().request();
  first_path_.emplace(request.digest(), printable(examination.submission.path));
  const auto place = place_of(examination.submission.path);
  auto& plan = plan_of(place.issuer);
  plan.valid_until = std::min(plan.valid_until, planned.validity().not_after);

  RequestRow row{.batch = id_,
                 .position = position_++,
                 .path = examination.submission.path,
                 .name = names_of(place).name_for(examination.submission.path, request.digest()),
                 .issuer = place.issuer,
                 .profile = place.profile,
                 .octets = examination.submission.octets,
                 .digest = request.digest(),
                 .verdict = {}};
  CertificateRow certificate{.id = 0,
                             .batch = id_,
                             .issuer = place.issuer,
                             .profile = place.profile,
                             .request = row.position,
                             .position = plan.builder.count(),
                             .name = row.name,
                             .request_digest = row.digest,
                             .key_digest = request.key().digest(),
                             .serial = copy(planned.serial()),
                             .subject = planned.subject(),
                             .not_before = planned.validity().not_before,
                             .not_after = planned.validity().not_after,
                             .to_be_signed = planned.to_be_signed(),
                             .state = CertificateState::Planned,
                             .reason = {},
                             .certificate = {},
                             .entry = 0};
  auto verdict = verdict_of(Decision(permit), place.issuer, place.profile);
  const auto reissue = intake_.reissue.find(printable(examination.submission.path));
  if (reissue != intake_.reissue.end()) verdict["reissue_reason"] = reissue->second;
  if (wish.days) verdict["wished_days"] = *wish.days;
  if (wish.not_before) verdict["wished_not_before"] = to_rfc3339(*wish.not_before);
  if (wish.not_after) verdict["wished_not_after"] = to_rfc3339(*wish.not_after);
  auto noted = note(std::move(row), verdict, planned.to_be_signed());
  if (!noted) return noted;

  auto seq = change_.append({.name = "certificate.planned",
                             .outcome = "ok",
                             .details = {{"batch", id_},
                                         {"issuer", place.issuer},
                                         {"profile", place.profile},
                                         {"file", verdict["file"]},
                                         {"request_sha256", to_hex(certificate.request_digest)},
                                         {"serial", to_upper_hex(certificate.serial)},
                                         {"serial_sources", serial_sources_},
                                         {"reissue_reason", verdict.value("reissue_reason", "")},
                                         {"subject", printable_name(certificate.subject)},
                                         {"not_before", to_rfc3339(certificate.not_before)},
                                         {"not_after", to_rfc3339(certificate.not_after)},
                                         {"tbs_sha256", to_hex(sha256(certificate.to_be_signed))}}},
                            id_);
  if (!seq) return pass_on(seq);
  certificate.entry = *seq;
  auto id = change_.add_certificate(certificate);
  if (!id) return pass_on(id);
  ++accepted_;
  return Done{};
}

Result<Done> OpenBatch::note(RequestRow row, const Json& verdict, ByteView to_be_signed) {
  row.verdict = log::canonical(verdict);
  if (!row.issuer.empty()) {
    auto& plan = plan_of(row.issuer);
    plan.builder.add_request(request_line(verdict, to_be_signed));
    if (!to_be_signed.empty()) plan.builder.add_certificate(to_be_signed);
  }
  if (to_be_signed.empty()) {
    Json findings = Json::array();
    for (const auto& finding : verdict.at("findings")) findings.push_back(finding.at("id"));
    auto seq = change_.append({.name = "request.refused",
                               .outcome = "refused",
                               .details = {{"batch", id_},
                                           {"file", verdict.at("file")},
                                           {"sha256", verdict.value("sha256", "")},
                                           {"findings", findings}}},
                              id_);
    if (!seq) return pass_on(seq);
  }
  return change_.add_request(row);
}

void OpenBatch::ignore(std::string_view path, std::string_view reason) {
  ignored_.push_back({{"file", printable(path)}, {"reason", std::string(reason)}});
}

const Result<RulesInForce>& OpenBatch::rules_of(const Place& place) {
  const auto key = key_of(place.issuer, place.profile);
  auto found = rules_.find(key);
  if (found == rules_.end()) {
    found = rules_.emplace(key, rules_in_force(work_.appliance, place.issuer, place.profile)).first;
  }
  return found->second;
}

const OutputNames& OpenBatch::names_of(const Place& place) {
  const auto key = key_of(place.issuer, place.profile);
  return names_.try_emplace(key, paths_[key]).first->second;
}

OpenBatch::OpenPlan& OpenBatch::plan_of(const std::string& issuer) {
  const auto found = plans_.find(issuer);
  if (found != plans_.end()) return found->second;

  const auto& configuration = work_.appliance.configuration;
  bool ca = false;
  for (const auto& [name, profile] : configuration.issuer(issuer)->profiles) ca = ca || profile.purpose == Purpose::Ca;
  const auto valid_until = now_ + (ca ? configuration.ca_plan_validity() : configuration.leaf_plan_validity());
  PlanFacts facts{.origin = configuration.log_origin(),
                  .batch = id_,
                  .issuer = issuer,
                  .created = now_,
                  .valid_until = valid_until,
                  .configuration = configuration.digest(),
                  .issuer_certificate = {}};
  if (auto chain = chain_of(work_.appliance.ledger, issuer)) facts.issuer_certificate = chain->front().digest();
  return plans_.emplace(issuer, OpenPlan{.builder = PlanBuilder(facts), .valid_until = valid_until, .row = {}})
      .first->second;
}

Serial OpenBatch::new_serial() {
  for (;;) {
    const auto token = work_.appliance.keys.token_random();
    serial_sources_ = token ? "kernel+token" : "kernel";
    const auto serial = make_serial(kernel_random(32), token ? ByteView(*token) : ByteView());
    if (serial) return *serial;
  }
}

Result<PlannedBatch> OpenBatch::record() && {
  for (auto& [issuer, plan] : plans_) {
    if (plan.builder.count() == 0) continue;
    plan.builder.set_valid_until(plan.valid_until);
    PlanRow row{.batch = id_,
                .issuer = issuer,
                .document = plan.builder.document(),
                .digest = {},
                .created = now_,
                .valid_until = plan.valid_until,
                .entry = 0};
    row.digest = plan_digest(row.document);
    auto seq = change_.append({.name = "plan.recorded",
                               .outcome = "ok",
                               .details = {{"batch", id_},
                                           {"issuer", issuer},
                                           {"count", plan.builder.count()},
                                           {"digest", to_hex(row.digest)},
                                           {"valid_until", to_rfc3339(row.valid_until)}}},
                              id_);
    if (!seq) return pass_on(seq);
    row.entry = *seq;
    auto put = change_.add_plan(row);
    if (!put) return pass_on(put);
  }
  auto added = change_.add_batch({.id = id_,
                                  .created = now_,
                                  .requests = position_,
                                  .accepted = accepted_,
                                  .ignored = log::canonical(Json(ignored_))});
  if (!added) return pass_on(added);
  auto seq = change_.append({.name = "batch.imported",
                             .outcome = "ok",
                             .details = {{"batch", id_},
                                         {"requests", position_},
                                         {"accepted", accepted_},
                                         {"refused", position_ - accepted_},
                                         {"ignored", ignored_.size()}}},
                            id_);
  if (!seq) return pass_on(seq);
  auto receipt = std::move(change_).commit();
  if (!receipt) return pass_on(receipt);
  return PlannedBatch{.id = id_, .requests = position_, .accepted = accepted_, .needs_person = needs_person_};
}

}  // namespace sealroom
