#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "sealroom/base/json.hpp"
#include "sealroom/issuance/appliance.hpp"
#include "sealroom/issuance/stages.hpp"
#include "sealroom/media/inbox.hpp"
#include "sealroom/plan/decide.hpp"

namespace sealroom {

// What came from a medium.
struct Intake {
  // Hands every file to the function, in octet order of their paths, and passes its error on; the same again each time.
  // An import may be larger than memory, so nothing here holds more than one file at a time.
  using Each = std::function<Result<Done>(const std::function<Result<Done>(Found)>&)>;
  Each each_file;
  Wish wish{};                           // for every request without one of its own
  std::map<std::string, Wish> wishes{};  // printable path → its own
  // Set only where an issuer asks for its own certificate: the profile for that is never a medium's.
  bool own_certificate = false;
  // Batches that lie on the medium already, from this appliance or another one: the new batch gets another name.
  std::set<std::string> taken{};
  // Printable path → reason: here an earlier certificate for the same request or key is no obstacle.
  std::map<std::string, std::string> reissue{};
  // What is to be done first, in the same change: decisions see it, and it becomes durable with the batch or not at all.
  std::function<Result<Done>(Change&)> beforehand{};
};

// What an import made.
struct PlannedBatch {
  std::string id;
  std::uint64_t requests = 0;
  std::uint64_t accepted = 0;
  bool needs_person = false;  // a request was refused because its issuer is not active
};

// Decides on everything in `intake` and records batch, plans and refusals as one durable change. Needs no token.
// Errors: Failed when there is nothing in it, Integrity.
Result<PlannedBatch> plan(const Work& work, const Intake& intake);

// How far a batch is after sign().
struct SignedBatch {
  std::string id;
  std::uint64_t issued = 0;    // by this call
  std::uint64_t withheld = 0;  // refused or expired at signing
  struct Waiting {
    std::string issuer;
    std::uint64_t certificates;
    std::string reason;
  };
  std::vector<Waiting> waiting;  // plans that need a person first
};

// Signs what is planned in `batch`, of one issuer or of all. Repeatable. Errors: NeedsPerson when the log key is
// locked or a started group is open, Token when the token failed (what was signed before is issued), Integrity.
Result<SignedBatch> sign(const Work& work, std::string_view batch, std::string_view issuer);

// Plans again, as a new batch with new serials and dates, what `batch` accepted and did not issue; what was still
// planned there expires. Errors: Usage when there is nothing left to plan.
Result<PlannedBatch> replan(const Work& work, std::string_view batch);

// One request of a batch, with its newest certificate.
struct StoredRequest {
  RequestRow request;
  std::optional<CertificateRow> certificate;
};
// As the ledger has it now. Errors: Failed when only the log knows the batch.
Result<StoredRequest> stored_at(const Ledger& ledger, std::string_view batch, std::uint64_t position);

// The verdict as it was recorded: what the plan's document commits to.
Result<Json> planned_verdict(const StoredRequest& stored);

// The member of a report: the planned verdict with findings, serial and state of now.
Json verdict_now(Json planned, const StoredRequest& stored);

// The same, as the ledger has it now. Errors: Failed when only the log knows the batch.
Result<Json> verdict_at(const Ledger& ledger, std::string_view batch, std::uint64_t position);

}  // namespace sealroom
