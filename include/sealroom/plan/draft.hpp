#pragma once

#include <algorithm>
#include <atomic>
#include <future>
#include <map>
#include <optional>
#include <vector>

#include "sealroom/plan/admitted_certificate.hpp"
#include "sealroom/plan/decide.hpp"

namespace sealroom {

// All that a certificate would be made of. What `rules` and `above` point to outlives the order.
struct DraftOrder {
  Submission submission;
  Rules rules;
  const IssuerChain* above = nullptr;  // of the issuer that `rules` name; null for its own certificate
  Wish wish;
  Instant now;
  Serial serial{};
};

// Draft is the part of a decision that depends on no other request, which is nearly all of its cost. It is no plan:
// `admitted` counts only beside a Permit that was given with the ledger's facts. Facts can refuse a request or add a
// remark to it; they change no octet of its certificate.
struct Draft {
  Examination examination;  // as examine() made it
  std::optional<Result<AdmittedCertificate>>
      admitted;  // what comes of it when no fact refuses; empty when refused anyhow
};

// Pure, but for the finding of a request that takes too long by `clock` (examine): the same order gives the same draft.
Draft draft_of(DraftOrder order, const Clock& clock);

// Drafter makes drafts on several threads, while the thread that owns it does something else. The drafts are the same,
// and in the same order, whatever the number of threads.
class Drafter {
 public:
  // `threads` counts the owner's, which works in finish(). `clock` is asked by all of them, and outlives the drafter.
  Drafter(unsigned threads, const Clock& clock) : clock_(clock), configs_(std::max(threads, 1U)) {}
  Drafter(const Drafter&) = delete;
  Drafter& operator=(const Drafter&) = delete;
  ~Drafter();

  // Starts on `orders`. What was begun before must be finished.
  void begin(std::vector<DraftOrder> orders);

  // The drafts of the orders that were begun, in their order; none when nothing was begun.
  std::vector<Draft> finish();

 private:
  // OpenSSL says nothing of threads that share a CONF, so each has its own.
  using OwnConfigs = std::map<const IssuerConfig*, IssuerConfig>;
  void work(OwnConfigs& own);

  const Clock& clock_;
  std::vector<OwnConfigs> configs_;
  std::vector<DraftOrder> orders_;
  std::vector<std::optional<Draft>> drafts_;
  std::atomic<std::size_t> next_ = 0;
  std::vector<std::future<void>> others_;
};

}  // namespace sealroom
