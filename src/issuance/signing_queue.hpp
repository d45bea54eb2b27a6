#pragma once

#include <optional>
#include <vector>

#include "decided_again.hpp"
#include "sealroom/issuance/issue.hpp"

namespace sealroom {

// SigningQueue is the recorded plans of a batch that can be signed now, each with the key that signs it, and how far they
// are.
class SigningQueue {
 public:
  // Errors: NeedsPerson while a started group is open or the log key is locked; Usage for an unknown batch.
  static Result<SigningQueue> open(const Work& work, std::string_view batch, std::string_view issuer);

  // Threads that can be of use: no more than processors, than certificates, or than any of the keys takes.
  unsigned threads() const { return threads_; }

  // Starts the next group, and passes over what is withheld. Nothing when there is none, when something went wrong, or
  // when the daemon is about to end: then close() says what.
  std::optional<StartedGroup> start_next();
  // The key for the group that start_next() gave last.
  const TokenKey& key() const { return *ready_[current_].key; }

  // What became of a group is durable now.
  void count(const SignedGroup& made);

  // Once every group that was started is counted. Errors: what start_next() met; Token when a certificate failed. What
  // was signed until then is issued, and the error says so.
  Result<SignedBatch> close() &&;

 private:
  struct Ready {
    RecordedPlan plan;
    const TokenKey* key;
    ProfilesInForce profiles{};
  };

  explicit SigningQueue(const Work& work) : work_(work) {}
  void stop(const Error& error);
  void show_progress() const { work_.progress(result_.issued + result_.withheld, total_); }

  const Work& work_;
  std::vector<Ready> ready_;
  std::size_t current_ = 0;   // among ready_
  std::size_t position_ = 0;  // in its plan
  unsigned threads_ = 1;
  SignedBatch result_;
  std::uint64_t total_ = 0;
  std::optional<Error> stopped_by_;
};

}  // namespace sealroom
