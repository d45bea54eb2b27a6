#include <algorithm>

#include <fmt/format.h>

#include "name_constraints.hpp"
#include "rules.hpp"
#include "sealroom/x509/name.hpp"
#include "usages.hpp"

namespace sealroom {
namespace {

// The issuer's certificate and those above it, nearest first.
std::vector<const Certificate*> chain_of(const Rules& rules) {
  std::vector<const Certificate*> chain{rules.issuer_certificate};
  for (const auto& certificate : rules.above) chain.push_back(&certificate);
  return chain;
}

// RFC 5280 section 4.2.1.9: a path length counts the CAs below that certificate which are not self-issued.
void judge_path(const Rules& rules, Examination& examination) {
  if (rules.profile == nullptr || rules.profile->purpose != Purpose::Ca) return;
  long below = 1;  // the CA that is asked for
  for (const auto* certificate : chain_of(rules)) {
    const auto most = certificate->path_length();
    if (most && *most < below) {
      refuse(examination, "issuer.path-length",
             fmt::format("the certificate of {} has pathlen:{}, and this would be CA number {} below it; ask an issuer "
                         "above it",
                         printable_name(certificate->subject()), *most, below));
      return;
    }
    if (!certificate->self_issued()) ++below;
  }
}

// What the certificate would be called: its subject, and the alternative names that go into it.
struct Names {
  ByteView subject;
  ByteView alternative;
};

Names names_of(const ParsedRequest& request, const Rules& rules, const Examination& examination) {
  Names names{rules.issuer != nullptr ? ByteView(examination.subject) : ByteView(request.subject()), {}};
  const bool copied = rules.issuer == nullptr || rules.profile == nullptr || !examination.alternative_names.empty();
  const auto asked = std::ranges::find(request.extensions(), kAlternativeName, &RequestedExtension::oid);
  if (copied && asked != request.extensions().end()) names.alternative = asked->value;
  return names;
}

void judge_constraints(const Names& names, const Rules& rules, Examination& examination) {
  for (const auto* certificate : chain_of(rules)) {
    const auto read = constraints_of(*certificate);
    if (read.trouble) {
      refuse(
          examination, "issuer.name-constraints",
          fmt::format("the certificate of {} cannot be issued under: {}; renew it with constraints on DNS, IP, email, "
                      "URI or directory names",
                      printable_name(certificate->subject()), *read.trouble));
    }
    if (!read.constraints) continue;
    for (const auto& violation : violations(read.constraints.get(), Bounds::Chain, names.subject, names.alternative)) {
      refuse(examination, "names.constrained",
             fmt::format("{} by the nameConstraints of {}; ask for names within them", violation,
                         printable_name(certificate->subject())));
    }
  }
}

}  // namespace

void judge_issuer(const ParsedRequest& request, const Rules& rules, Examination& examination) {
  if (rules.profile != nullptr && rules.profile->own_certificate) return;
  const auto names = names_of(request, rules, examination);
  if (rules.permitted != nullptr && !rules.permitted->bounds_nothing()) {
    for (const auto& violation :
         violations(constraints_of(*rules.permitted).get(), Bounds::Settings, names.subject, names.alternative)) {
      refuse(examination, "names.not-permitted",
             fmt::format("{} by permitted_names of this issuer in sealroom.yaml; ask for names that it permits",
                         violation));
    }
  }
  if (rules.issuer_certificate == nullptr) return;
  const auto& issuer = *rules.issuer_certificate;
  if (!issuer.is_ca() || !issuer.may_sign_certificates()) {
    refuse(examination, "issuer.not-a-ca",
           fmt::format("the issuer's certificate ({}) is no CA that may sign certificates; install the right one",
                       printable_name(issuer.subject())));
  }
  judge_path(rules, examination);
  judge_constraints(names, rules, examination);
}

}  // namespace sealroom
