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

// Little beside what the daemon needs anyhow.
constexpr std::size_t kMostTurns = 256;
constexpr std::size_t kMostOctetsInTurns = std::size_t{2} * 1024 * 1024;

std::string key_of(std::string_view issuer, std::string_view profile) { return fmt::format("{}/{}", issuer, profile); }

}  // namespace

OpenBatch::Place OpenBatch::place_of(std::string_view path) {
  const auto parts = split(path, '/');
  if (parts.size() != 3) return {};
  return {.issuer = std::string(parts[0]), .profile = std::string(parts[1])};
}

Result<std::unique_ptr<OpenBatch>> OpenBatch::open(const Work& work, const Intake& intake) {
  const auto& appliance = work.appliance;
  auto id = appliance.ledger.next_batch_id(appliance.clock.now(), intake.taken);
  if (!id) return pass_on(id);
  auto change = work.begin();
  if (!change) return pass_on(change);
  if (intake.beforehand) {
    auto done = intake.beforehand(*change);
    if (!done) return pass_on(done);
  }
  std::unique_ptr<OpenBatch> batch(new OpenBatch(work, intake, std::move(*change)));
  batch->id_ = *id;
  batch->now_ = batch->change_.time();  // no plan is made later than its entry says
  auto surveyed = batch->survey();
  if (!surveyed) return pass_on(surveyed);
  return batch;
}

// What must be known of all files before the first one is decided on.
Result<Done> OpenBatch::survey() {
  auto missing = intake_.reissue;
  std::string previous;
  auto seen = intake_.each_file([&](const Found& file) -> Result<Done> {
    const auto& path = path_of(file);
    if (path < previous) return fail(ErrorKind::Usage, "requests are not in octet order of their paths");
    previous = path;
    ++total_;
    if (!missing.empty()) missing.erase(printable(path));
    const auto place = place_of(path);
    names_[key_of(place.issuer, place.profile)].add(path);
    return Done{};
  });
  if (!seen) return seen;
  if (total_ == 0) {
    return fail(ErrorKind::Failed, "there are no requests", "put them into requests/ISSUER/PROFILE/ on the medium");
  }
  if (missing.empty()) return Done{};
  return fail(ErrorKind::Usage,
              fmt::format("--reissue {}: there is no such file below requests/", missing.begin()->first));
}

// Settles what came before while this is drafted.
Result<Done> OpenBatch::take(Found file) {
  begin(std::move(file));
  while (has_enough()) {
    auto settled = settle_next();
    if (!settled) return settled;
  }
  return Done{};
}

void OpenBatch::begin(Found file) {
  auto& turn = turns_.emplace_back(
      Turn{.file = std::move(file), .octets = 0, .drafted_under = nullptr, .wish = {}, .serial_sources = {}});
  auto* submission = std::get_if<Submission>(&turn.file);
  if (submission == nullptr) return;
  turn.octets = submission->octets.size();
  octets_in_turns_ += turn.octets;
  const auto place = place_of(submission->path);
  if (place.issuer.empty() || !is_ours(place)) return;
  const auto& in_force = rules_of(place);
  if (in_force) drafter_.begin(order_for(*submission, *in_force, turn));
}

DraftOrder OpenBatch::order_for(Submission& submission, const RulesInForce& in_force, Turn& turn) {
  const auto own = intake_.wishes.find(printable(submission.path));
  turn.drafted_under = &in_force;
  turn.wish = own == intake_.wishes.end() ? intake_.wish : own->second;
  auto [serial, sources] = new_serial();
  turn.serial_sources = std::move(sources);
  return {.submission = {submission.path, std::move(submission.octets)},
          .rules = in_force.rules,
          .above = in_force.above(),
          .wish = turn.wish,
          .now = now_,
          .serial = serial};
}

bool OpenBatch::has_enough() const {
  return drafter_.has_enough() || turns_.size() > kMostTurns || octets_in_turns_ > kMostOctetsInTurns;
}

Result<Done> OpenBatch::settle_next() {
  auto turn = std::move(turns_.front());
  turns_.pop_front();
  octets_in_turns_ -= turn.octets;
  work_.progress(taken_++, total_);
  if (turn.drafted_under == nullptr) return settle(turn);
  serial_sources_ = std::move(turn.serial_sources);
  return judge(drafter_.finish(), *turn.drafted_under, turn.wish);
}

// A file that no rule of a profile can be asked about.
Result<Done> OpenBatch::settle(Turn& turn) {
  const auto& file = turn.file;
  const auto place = place_of(path_of(file));
  if (const auto* passed = std::get_if<IgnoredFile>(&file)) {
    ignore(passed->path, passed->reason);
    return Done{};
  }
  if (!place.issuer.empty() && !is_ours(place)) {
    ignore(path_of(file), fmt::format("not for this appliance: it has no issuer \"{}\"", printable(place.issuer)));
    return Done{};
  }
  if (const auto* unreadable = std::get_if<UnreadableFile>(&file)) {
    return refuse_file(unreadable->path, {unreadable->id, unreadable->detail});
  }
  const auto& submission = std::get<Submission>(file);
  if (place.issuer.empty()) {
    return refuse_file(submission.path,
                       {"media.unplaced", "the file is not in requests/ISSUER/PROFILE/; move it there"});
  }
  const auto& error = rules_of(place).error();
  if (error.kind != ErrorKind::Usage && error.kind != ErrorKind::NeedsPerson) return std::unexpected(error);
  const bool inactive = error.kind == ErrorKind::NeedsPerson;
  needs_person_ = needs_person_ || inactive;
  return refuse_file(submission.path, {inactive ? "issuer.not-active" : "profile.unknown",
                                       fmt::format("{}; {}", error.message, error.hint)});
}

bool OpenBatch::is_ours(const Place& place) const {
  return work_.appliance.configuration.issuer(place.issuer) != nullptr;
}

Result<Facts> OpenBatch::facts(const Examination& examination, const RulesInForce& in_force) const {
  const auto& ledger = work_.appliance.ledger;
  const auto* request = examination.request();
  if (request == nullptr) {
    Facts none;
    none.now = now_;
    return none;
  }
  const Asked asked{.request = request->digest(), .key = request->key().digest(), .subject = examination.subject};
  auto facts = facts_about(ledger, asked, in_force, id_, now_, nullptr);
  if (!facts) return facts;
  if (intake_.reissue.contains(printable(examination.submission.path))) allow_reissue(*facts);
  const auto first = first_.find(asked.request);
  if (first == first_.end()) return facts;
  auto row = ledger.request(id_, first->second);
  if (!row) return pass_on(row);
  facts->same_request_in_batch = printable((*row)->path);
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
                 .octets = {},
                 .digest = {},
                 .verdict = {}};
  // What is no request is not kept: it may be a private key.
  if (const auto* request = examination.request()) {
    row.octets = examination.submission.octets;
    row.digest = request->digest();
  }
  return note(std::move(row), verdict, {});
}

Result<Done> OpenBatch::refuse_file(std::string_view path, const Finding& finding) {
  const auto place = place_of(path);
  const bool known = work_.appliance.configuration.profile(place.issuer, place.profile) != nullptr;
  RequestRow row{.batch = id_,
                 .position = position_++,
                 .path = std::string(path),
                 .name = {},
                 .issuer = place.issuer,
                 .profile = known ? place.profile : std::string(),
                 .octets = {},
                 .digest = {},
                 .verdict = {}};
  return note(std::move(row), verdict_of_unreadable(path, place.issuer, place.profile, {finding}), {});
}

Result<Done> OpenBatch::add(const Permit& permit, const PlannedCertificate& planned, const RulesInForce& in_force,
                            const Wish& wish) {
  const auto& examination = permit.examination();
  const auto& request = permit.csr().request();
  first_.emplace(request.digest(), position_);
  const auto place = place_of(examination.submission.path);
  auto& plan = plan_of(place.issuer);
  plan.valid_until = std::min(plan.valid_until, planned.validity().not_after);
  if (const auto* above = in_force.above()) plan.chain = above->digest();

  RequestRow row{
      .batch = id_,
      .position = position_++,
      .path = examination.submission.path,
      .name = names_.at(key_of(place.issuer, place.profile)).name_for(examination.submission.path, request.digest()),
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
                                         {"key_sha256", to_hex(certificate.key_digest)},
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
  return plans_.emplace(issuer, OpenPlan{.builder = PlanBuilder(facts), .valid_until = valid_until}).first->second;
}

std::pair<Serial, std::string> OpenBatch::new_serial() {
  for (;;) {
    const auto token = work_.appliance.keys.token_random();
    const auto serial = make_serial(kernel_random(32), token ? ByteView(*token) : ByteView());
    if (serial) return {*serial, token ? "kernel+token" : "kernel"};
  }
}

Result<PlannedBatch> OpenBatch::record() && {
  while (!turns_.empty()) {
    auto settled = settle_next();
    if (!settled) return pass_on(settled);
  }
  std::map<Digest, Digest> own_plans;
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
    if (plan.chain) own_plans.emplace(row.digest, *plan.chain);
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
  for (const auto& [plan, chain] : own_plans) work_.appliance.own_plans.remember(plan, chain);
  return PlannedBatch{.id = id_, .requests = position_, .accepted = accepted_, .needs_person = needs_person_};
}

}  // namespace sealroom
