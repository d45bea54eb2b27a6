#pragma once

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <exception>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
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
  // `threads` counts the owner's, which works in finish(); fewer when no more are to be had. `clock` is asked by all of
  // them, and outlives the drafter.
  Drafter(unsigned threads, const Clock& clock) : clock_(clock), threads_wanted_(std::max(threads, 1U) - 1) {}
  Drafter(const Drafter&) = delete;
  Drafter& operator=(const Drafter&) = delete;
  // Waits for the drafts that are being made.
  ~Drafter();

  // Begins a draft, after those that were begun before.
  void begin(DraftOrder order);

  // Whether so many drafts wait for a thread that none is idle while the owner does something else.
  bool has_enough() const;

  // The draft that was begun first, of which there is one. What was thrown while it was made is thrown here.
  Draft finish();

 private:
  struct Begun {
    DraftOrder order;
    std::optional<Draft> draft{};  // when it is made
    std::exception_ptr trouble{};  // why it could not be

    bool is_made() const { return draft || trouble; }
  };
  // OpenSSL says nothing of threads that share a CONF, so each has its own.
  using OwnConfigs = std::map<const IssuerConfig*, IssuerConfig>;
  void start_thread();
  void work();
  bool make_next(OwnConfigs& own, std::unique_lock<std::mutex>& lock);
  static const IssuerConfig& own_config(OwnConfigs& own, const IssuerConfig* shared);

  const Clock& clock_;
  std::size_t threads_wanted_;
  OwnConfigs configs_;                 // of the owner's thread
  mutable std::mutex mutex_;           // guards what follows
  std::condition_variable something_;  // to do, or the end
  std::condition_variable made_;       // a draft
  std::deque<Begun> begun_;
  std::size_t next_ = 0;  // of begun_, that nobody makes yet
  bool ended_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace sealroom
