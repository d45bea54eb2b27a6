#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "daemon.hpp"
#include "desk.hpp"
#include "methods.hpp"

namespace sealroom::daemon {

// Dispatch takes calls from the server's thread to where they run: the reading desk, the writing desk, or a job on the
// writing or the verifying desk. It admits by role, and logs whom it turned away.
class Dispatch {
 public:
  explicit Dispatch(Daemon& daemon);

  Result<Done> admit(const wire::Peer& peer);
  Result<Json> hello(const wire::Peer& peer);
  void call(const wire::Peer& peer, wire::Call call, wire::Reply reply);

  // Calls `act` when a change to the ledger failed for the disk's sake: after that nobody knows what is on it, and the
  // daemon must end. From the writing desk, a few seconds later: whoever asked for the change hears of it first.
  void when_ledger_breaks(std::function<void()> act);

  // Locks the tokens and logs the end; nothing is taken afterwards, what has not begun is dropped, and a job that runs
  // ends at its next group. Error (Token) when a token does not answer within
  // half a minute: then nothing can be locked, and the process must end as it is.
  Result<Done> close();

 private:
  void run(const Method& method, std::shared_ptr<Request> request, wire::Reply reply);
  // Answers with a job's name, and does its `work` at `desk`.
  void start_job(Desk& desk, const Request& request, const wire::Reply& reply,
                 std::function<Result<Json>(const std::string& job)> work);
  void verify(const VerifyingJob& method, const std::shared_ptr<Request>& request, const wire::Reply& reply);
  Work work_of(const Request& request);
  Work work_of(const Request& request, const std::string& job);
  Result<Json> unless_stopping(const std::function<Result<Json>()>& work) const;
  Result<Json> unless_broken(const std::function<Result<Json>()>& work) const;
  void note_it(NoteMethod note, const std::shared_ptr<Request>& request, const Result<Json>& answer);
  void log_refusal(const wire::Peer& peer, Role role, std::string what);
  void look_after();  // every few seconds: a broken ledger, idle tokens

  Daemon& daemon_;
  std::map<std::string, const Method*, std::less<>> methods_;
  std::map<std::pair<uid_t, std::string>, std::chrono::milliseconds> refused_;  // when it was last logged
  std::atomic<bool> stopping_ = false;
  std::mutex ledger_broke_mutex_;
  std::function<void()> ledger_broke_ = [] {};
  std::unique_ptr<Desk> reading_;
  std::unique_ptr<Desk> verifying_;
  std::unique_ptr<Desk> writing_;
};

}  // namespace sealroom::daemon
