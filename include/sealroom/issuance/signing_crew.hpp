#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "sealroom/issuance/stages.hpp"

namespace sealroom {

// SigningCrew is the threads that have a token sign, for as long as one batch takes. Each takes the next certificate in
// the order in which they were started, has it signed, and verifies what came of it. They see started certificates and
// their key, and neither ledger nor configuration.
//
// When the token fails once, nothing more is begun: other certificates that are with the token at that moment are still
// finished, and may fail as well. The same when the daemon is about to end.
//
// Owned and called by one thread, which may do whatever it likes meanwhile but use the token's module.
class SigningCrew {
 public:
  // `threads` of them, fewer when no more are to be had. `work` outlives the crew; its stopping() is asked by every thread.
  SigningCrew(const Work& work, unsigned threads);
  SigningCrew(const SigningCrew&) = delete;
  SigningCrew& operator=(const SigningCrew&) = delete;
  // Waits for what is with the token. A group that was not finished stays started.
  ~SigningCrew();

  // Begins to sign `group` with `key`, after the groups before it. `key` outlives the crew. The only caller of
  // TokenKey::sign for certificates.
  void begin(StartedGroup group, const TokenKey& key);

  // Groups that were begun and not finished.
  std::size_t groups() const { return groups_.size(); }

  // Whether another group should be begun: fewer than kGroupsInHand are, and nothing has failed.
  bool wants_more() const;

  // Waits for the group that was begun first, of which there is one.
  SignedGroup finish();

 private:
  struct Group {
    std::vector<StartedCertificate> started;
    const TokenKey* key;
    std::vector<std::optional<Result<VerifiedCertificate>>> made;  // nothing where it was not tried
    std::size_t next = 0;                                          // to be tried
    std::size_t with_token = 0;
  };
  void work();
  Group* group_with_work();
  bool is_finished(const Group& group) const;
  void sign_next(Group& group, std::unique_lock<std::mutex>& lock);
  static Result<VerifiedCertificate> make(const TokenKey& key, const StartedCertificate& started);

  const Work& work_;
  mutable std::mutex mutex_;           // guards what follows
  std::condition_variable something_;  // to do, or the end
  std::condition_variable finished_;   // a certificate
  std::deque<Group> groups_;
  bool stopped_ = false;  // nothing more is begun
  bool ended_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace sealroom
