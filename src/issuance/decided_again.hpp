#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "facts.hpp"
#include "sealroom/issuance/stages.hpp"

namespace sealroom {

// A certificate of a plan that is not signed after all, and why: a finding id and a detail.
struct Withheld {
  CertificateRow row;
  bool expired;  // with its plan; else refused
  std::string reason;
};

// What a second decision came to, just before signing. Nothing of it is durable.
struct DecidedAgain {
  std::vector<StartedCertificate> granted;
  std::vector<Withheld> withheld;
  std::size_t next = 0;  // position after the last certificate that was looked at
};

// The rules of one profile of a plan, as they are while the writing desk does one thing.
struct ProfileInForce {
  Result<RulesInForce> rules;
  std::shared_ptr<const SigningTerms> terms{};  // where there are rules
  bool only_facts = false;                      // can have changed since it was planned
};

// Decides on up to `most` planned certificates of `plan` again, from position `from` on, against the clock, the ledger and
// the configuration of now, as if their requests came with the serial and dates that were planned.
//
// A plan that this very daemon made, under a chain that is still the issuer's, is asked only for what can have changed
// since: facts and time. The rest of a decision is a pure function of the request and of rules that a running daemon
// never changes. Any other plan is drafted anew, on every processor, and must come to the same octets.
//
// `profiles` has what was read for the plan before, nothing at first. Errors: Integrity; Failed when the machine was too
// busy to examine a request.
Result<DecidedAgain> decide_again(const Work& work, const RecordedPlan& plan, ProfilesInForce& profiles,
                                  std::size_t from, std::size_t most);

}  // namespace sealroom
