#pragma once

#include <map>
#include <string>
#include <vector>

#include "facts.hpp"
#include "sealroom/issuance/issue.hpp"
#include "sealroom/plan/document.hpp"
#include "sealroom/plan/output_names.hpp"
#include "sealroom/plan/planned_certificate.hpp"

namespace sealroom {

// OpenBatch is a batch being decided: a change to the ledger that is not durable yet.
class OpenBatch {
 public:
  // `intake` outlives the batch; its files may be moved out of it one by one.
  static Result<OpenBatch> open(const Work& work, const Intake& intake);

  // Decides on one file and notes the outcome.
  Result<Done> take(Found file);

  Result<PlannedBatch> record() &&;

 private:
  struct OpenPlan {
    PlanBuilder builder;
    Instant valid_until;
    PlanRow row;
  };
  struct Place {
    std::string issuer;
    std::string profile;
  };

  OpenBatch(const Work& work, const Intake& intake, Change change)
      : work_(work), intake_(intake), change_(std::move(change)) {}
  static Place place_of(std::string_view path);

  Result<Done> judge(Submission submission, const RulesInForce& in_force, const Wish& wish);
  Result<Facts> facts(const Examination& examination, const RulesInForce& in_force) const;
  void refuse_own_profile(Examination& examination, const RulesInForce& in_force) const;
  Result<Done> refuse(const Refusal& refusal);
  Result<Done> refuse(const Permit& permit, const Error& error);
  Result<Done> refuse_file(std::string_view path, ByteView octets, const Finding& finding);
  Result<Done> refuse_request(const Examination& examination, const Json& verdict);
  Result<Done> add(const Permit& permit, const PlannedCertificate& planned, const Wish& wish);
  Result<Done> note(RequestRow row, const Json& verdict, ByteView to_be_signed);
  void ignore(std::string_view path, std::string_view reason);

  const Result<RulesInForce>& rules_of(const Place& place);
  const OutputNames& names_of(const Place& place);
  OpenPlan& plan_of(const std::string& issuer);
  Serial new_serial();

  const Work& work_;
  const Intake& intake_;
  Change change_;
  std::string id_;
  Instant now_;
  std::uint64_t total_ = 0;
  std::uint64_t taken_ = 0;
  std::uint64_t accepted_ = 0;
  std::uint64_t position_ = 0;
  bool needs_person_ = false;
  std::string serial_sources_ = "kernel";
  std::vector<Json> ignored_;
  std::map<Digest, std::string> first_path_;                 // request → where it stood first in this batch
  std::map<std::string, OpenPlan> plans_;                    // issuer →
  std::map<std::string, Result<RulesInForce>> rules_;        // "issuer/profile" →
  std::map<std::string, std::vector<std::string>> paths_;    // "issuer/profile" →
  std::map<std::string, OutputNames> names_;                 // "issuer/profile" →
};

}  // namespace sealroom
