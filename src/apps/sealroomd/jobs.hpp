#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "sealroom/base/error.hpp"
#include "sealroom/base/json.hpp"
#include "sealroom/wire/server.hpp"

namespace sealroom::daemon {

// Jobs are the long pieces of work. A job outlives the client that asked for it; its result waits to be fetched.
// Safe from every thread.
class Jobs {
 public:
  // The new job's name. Error (Failed) while too many have not ended. Of the owner's finished ones the oldest are
  // forgotten; those of others never are.
  Result<std::string> start(uid_t owner);
  void progress(const std::string& job, std::uint64_t done, std::uint64_t total);
  void finish(const std::string& job, Result<Json> result);

  // {"state": "running", "done", "total"} or {"state": "done", "result"}; the job's error once it failed.
  // Only its owner and root may look.
  Result<Json> look(const std::string& job, uid_t asking);

  // Gives `reply` the same as look(), when the job has ended, or when it has come further after a tenth of a second.
  void wait(const std::string& job, uid_t asking, const wire::Reply& reply);

 private:
  using Clock = std::chrono::steady_clock;
  struct Waiting {
    Clock::time_point since;
    wire::Reply reply;
  };
  struct Job {
    uid_t owner = 0;
    std::uint64_t done = 0;
    std::uint64_t total = 0;
    std::optional<Result<Json>> result{};
    std::deque<Waiting> waiting{};  // the first has waited longest
  };
  Job* find(const std::string& job, uid_t asking);
  static Result<Json> state_of(const Job& job);
  static void answer_first(Job& job);

  static constexpr std::size_t kWaiting = 64;  // for one job; clients that went away may be among them
  static constexpr std::chrono::milliseconds kBetweenAnswers{100};
  static constexpr std::ptrdiff_t kUnfinished = 64;
  static constexpr std::ptrdiff_t kUnfinishedOfUser = 16;
  static constexpr std::ptrdiff_t kFinishedOfUser = 64;

  std::mutex mutex_;
  std::uint64_t next_ = 1;
  std::map<std::uint64_t, Job> jobs_;
};

}  // namespace sealroom::daemon
