#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "facts.hpp"
#include "sealroom/issuance/issue.hpp"
#include "sealroom/plan/document.hpp"
#include "sealroom/plan/draft.hpp"
#include "sealroom/plan/output_names.hpp"

namespace sealroom {

// OpenBatch is a batch being decided: a change to the ledger that is not durable yet.
//
// Files are drafted on every processor, while those before them are judged here, one after the other in the order in
// which they came: verdicts, positions and log entries are the same whatever the number of threads.
class OpenBatch {
 public:
  // `work` and `intake` outlive the batch. Looks at every file once, for the names.
  static Result<std::unique_ptr<OpenBatch>> open(const Work& work, const Intake& intake);

  // Takes the next file. It is decided on by the time of record() at the latest.
  Result<Done> take(Found file);

  Result<PlannedBatch> record() &&;

 private:
  struct OpenPlan {
    PlanBuilder builder;
    Instant valid_until;
    std::optional<Digest> chain{};  // that its certificates stand below
  };
  struct Place {
    std::string issuer;
    std::string profile;
  };
  // A file in its turn: settled before it is a request, or being drafted.
  struct Turn {
    Found file;  // without octets while it is drafted
    std::size_t octets = 0;
    const RulesInForce* drafted_under = nullptr;
    Wish wish;
    std::string serial_sources;
  };

  OpenBatch(const Work& work, const Intake& intake, Change change)
      : work_(work),
        intake_(intake),
        change_(std::move(change)),
        drafter_(work.appliance.threads, work.appliance.clock) {}
  static Place place_of(std::string_view path);
  bool is_ours(const Place& place) const;
  Result<Done> survey();

  void begin(Found file);
  DraftOrder order_for(Submission& submission, const RulesInForce& in_force, Turn& turn);
  bool has_enough() const;
  Result<Done> settle_next();
  Result<Done> settle(Turn& turn);
  Result<Done> judge(Draft draft, const RulesInForce& in_force, const Wish& wish);
  Result<Facts> facts(const Examination& examination, const RulesInForce& in_force) const;
  void refuse_own_profile(Examination& examination, const RulesInForce& in_force) const;
  Result<Done> refuse(const Refusal& refusal);
  Result<Done> refuse(const Permit& permit, const Error& error);
  Result<Done> refuse_file(std::string_view path, const Finding& finding);
  Result<Done> refuse_request(const Examination& examination, const Json& verdict);
  Result<Done> add(const Permit& permit, const PlannedCertificate& planned, const RulesInForce& in_force,
                   const Wish& wish);
  Result<Done> note(RequestRow row, const Json& verdict, ByteView to_be_signed);
  void ignore(std::string_view path, std::string_view reason);

  const Result<RulesInForce>& rules_of(const Place& place);
  OpenPlan& plan_of(const std::string& issuer);
  std::pair<Serial, std::string> new_serial();

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
  std::string serial_sources_;  // of the request that is judged
  std::vector<Json> ignored_;
  std::deque<Turn> turns_;  // taken, and not settled
  std::size_t octets_in_turns_ = 0;
  std::map<Digest, std::uint64_t> first_;              // request → its first position in this batch
  std::map<std::string, OpenPlan> plans_;              // issuer →
  std::map<std::string, Result<RulesInForce>> rules_;  // "issuer/profile" →
  std::map<std::string, OutputNames> names_;           // "issuer/profile" →
  Drafter drafter_;
};

}  // namespace sealroom
