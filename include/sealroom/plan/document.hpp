#pragma once

#include <string>
#include <string_view>

#include "sealroom/base/bytes.hpp"
#include "sealroom/base/error.hpp"
#include "sealroom/base/json.hpp"
#include "sealroom/base/time.hpp"
#include "sealroom/log/merkle.hpp"

namespace sealroom {

inline constexpr std::string_view kPlanType = "sealroom-plan/1";

// What an officer approves: one document per issuer in a batch (docs/formats.md, Plan).
struct PlanFacts {
  std::string origin;
  std::string batch;
  std::string issuer;
  Instant created;
  Instant valid_until;
  Digest configuration{};
  Digest issuer_certificate{};  // all zero for a root that is yet to be signed
};

// Collects what goes into a plan, in order; 100,000 requests stream through it.
class PlanBuilder {
 public:
  explicit PlanBuilder(PlanFacts facts) : facts_(std::move(facts)) {}

  // One canonical line for each request, refused ones included (request_line).
  void add_request(std::string_view line) { requests_.add(as_bytes(line)); }
  void add_certificate(ByteView to_be_signed) { certificates_.add(to_be_signed); }

  // Plans never outlive the first notAfter in them, which is known only when all is added.
  void set_valid_until(Instant valid_until) { facts_.valid_until = valid_until; }

  std::uint64_t count() const { return certificates_.size(); }

  // Canonical JSON: type, origin, batch, issuer, created, valid_until, count, requests, configuration,
  // issuer_certificate, tbs_root, requests_root.
  std::string document() const;

 private:
  PlanFacts facts_;
  log::TreeBuilder certificates_;
  log::TreeBuilder requests_;
};

// A plan as its document says it.
struct PlanDocument {
  PlanFacts facts;
  std::uint64_t count = 0;     // certificates
  std::uint64_t requests = 0;  // refused ones included
  Digest tbs_root{};
  Digest requests_root{};
};

// Reads a document strictly: canonical, every member present and of its form; members that are not known are passed
// over. Errors: Integrity, naming the member.
Result<PlanDocument> parse_plan(std::string_view document);

// The canonical line of one request: file, sha256, profile, verdict, findings (ids), and for accepted ones serial and
// tbs_sha256.
std::string request_line(const Json& verdict, ByteView to_be_signed);

// The digest that is approved: SHA-256 over kPlanType, a line feed, and the document.
Digest plan_digest(std::string_view document);

}  // namespace sealroom
