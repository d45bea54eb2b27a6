#include "sealroom/plan/examine.hpp"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "rules.hpp"

namespace sealroom {
namespace {

// A hostile request can break one rule hundreds of times; a report needs no more than this.
constexpr std::size_t kMostFindings = 100;

// Which rules had to stay open because an argument was not there.
void list_unevaluated(const Rules& rules, Examination& examination) {
  auto& open = examination.not_evaluated;
  const bool own = rules.profile != nullptr && rules.profile->own_certificate;
  if (rules.profile == nullptr) {
    open.insert(open.end(), {"extension.ca-rights", "extension.usage", "extension.path-length", "extension.unknown",
                             "names.common-name", "names.missing-san", "names.type", "names.wildcard"});
  }
  if (rules.issuer == nullptr) {
    if (!rules.keys.debian_weak_keys) open.emplace_back("key.debian-weak");
    open.insert(open.end(), {"subject.missing", "subject.empty", "subject.dropped", "subject.own-name"});
    if (rules.profile != nullptr) {
      open.insert(open.end(), {"extension.usage", "extension.path-length", "extension.unknown", "names.missing-san"});
    }
  }
  if (rules.issuer == nullptr || (rules.issuer_certificate == nullptr && !own)) {
    open.insert(open.end(), {"subject.match", "issuer.not-a-ca", "issuer.path-length", "issuer.name-constraints",
                             "names.constrained"});
  }
  if (rules.permitted == nullptr) open.push_back("names.not-permitted");
  std::ranges::sort(open);
  open.erase(std::ranges::unique(open).begin(), open.end());
}

// The issuer's own key has a least size of its own ([req] default_bits).
void judge_own_key(const PublicKey& key, const Rules& rules, Examination& examination) {
  if (rules.issuer == nullptr || rules.profile == nullptr || !rules.profile->own_certificate) return;
  if (key.type() != KeyType::Rsa || key.bits() >= rules.issuer->default_bits() || key.bits() < 2048) return;
  refuse(examination, "key.rsa-too-short",
         fmt::format("the issuer's own key is {}, and [req] default_bits in {} asks for at least {}; make a longer key",
                     key.description(), rules.issuer->file(), rules.issuer->default_bits()));
}

void add(Findings found, Examination& examination) {
  std::ranges::move(found, std::back_inserter(examination.refusals));
}

// What is cheap comes first, so that little is lost when the time runs out.
void judge(const ParsedRequest& request, const Rules& rules, const Deadline& deadline, Examination& examination) {
  add(key_findings(request.key(), rules.keys), examination);
  judge_own_key(request.key(), rules, examination);
  add(name_findings(request.subject()), examination);
  judge_subject(request, rules, examination);
  judge_extensions(request, rules, examination);
  judge_common_name(request, rules, examination);
  judge_issuer(request, rules, examination);
  if (examination.refusals.size() > kMostFindings) examination.refusals.resize(kMostFindings);
  if (!deadline.passed()) add(modulus_findings(request.key(), rules.keys, deadline), examination);
}

// Nothing that was not judged to its end is proven: the request keeps no csr.
Examination too_slow(Examination examination, ParsedRequest request, const RequestLimits& limits) {
  refuse(examination, "request.too-slow",
         fmt::format("the request takes longer to judge than {} s (limits in sealroom.yaml), which no ordinary one "
                     "does; make it again with a usual key and few names",
                     limits.time / std::chrono::seconds{1}));
  examination.unproven = std::move(request);
  return examination;
}

}  // namespace

const ParsedRequest* Examination::request() const {
  if (csr) return &csr->request();
  return unproven ? &*unproven : nullptr;
}

Examination examine(Submission submission, const Rules& rules, const Clock& clock) {
  const Deadline deadline(clock, rules.limits.time);
  Examination examination;
  examination.submission = std::move(submission);
  list_unevaluated(rules, examination);

  auto parsed = ParsedRequest::parse(examination.submission.octets, rules.limits);
  if (!parsed) {
    examination.refusals = std::move(parsed.error());
    return examination;
  }
  judge(*parsed, rules, deadline, examination);
  if (deadline.passed()) return too_slow(std::move(examination), *std::move(parsed), rules.limits);

  auto verified = VerifiedCsr::verify(*parsed);
  if (deadline.passed()) return too_slow(std::move(examination), *std::move(parsed), rules.limits);
  if (verified) {
    examination.csr = *std::move(verified);
    return examination;
  }
  examination.unproven = *std::move(parsed);
  const auto same = [&](const Finding& finding) { return finding.id == verified.error().id; };
  if (std::ranges::none_of(examination.refusals, same)) examination.refusals.push_back(std::move(verified.error()));
  return examination;
}

}  // namespace sealroom
