#pragma once

#include <atomic>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "desk.hpp"
#include "jobs.hpp"
#include "leaving_backup.hpp"
#include "sealroom/issuance/appliance.hpp"
#include "sealroom/issuance/issue.hpp"
#include "sealroom/issuance/release.hpp"
#include "sealroom/issuance/verification.hpp"
#include "sealroom/wire/server.hpp"
#include "upload.hpp"

namespace sealroom::daemon {

// A file on its way out, in pieces that fit a frame.
struct Outgoing {
  std::shared_ptr<Release> release;
  std::uint64_t next_part = 0;
  std::deque<OutFile> waiting;
  std::size_t sent_of_first = 0;
};

// What one connection has on the table; gone with it, unless a job still works on it. A mutex each, because the server's
// thread takes uploads in while the reading desk prepares what leaves.
struct Session {
  explicit Session(UploadSpace& space) : upload(space) {}

  std::mutex upload_mutex;
  Upload upload;
  std::mutex outgoing_mutex;
  Outgoing outgoing;
  std::mutex backup_mutex;
  std::optional<LeavingBackup> backup;
};

// The ledger as it was opened: for writing, and beside it for reading. One that is not sound is read as far as it can be,
// and written by nobody; `trouble` says why.
struct Ledgers {
  Ledger writing;
  Ledger reading;
  Ledger verifying;
  std::optional<Error> trouble;
};

// Daemon is what all methods share. The ledger it writes, the keys and the tokens belong to the writing desk alone;
// `reading` and `verifying` are read-only views, one for each desk of that name.
struct Daemon {
  // `software` is the digest of the program, for log entries.
  Daemon(std::string home, std::string software, Configuration configuration, std::shared_ptr<Module> module,
         Ledgers ledgers);

  // The work of somebody, for log entries.
  Work work_of(const wire::Peer& peer, Role role);
  // The daemon's own.
  Work own_work();

  Role role_of(const wire::Peer& peer) const;

  // Why the ledger is not sound: only what needs no change is answered then. Any thread may ask.
  std::optional<Error> trouble() const;
  // The newest verification. Takes trouble away that an earlier one found, and never that for which the ledger could not
  // be opened.
  void verified(const LedgerVerification& verification);
  // Whether the ledger could be opened for writing.
  bool writable() const { return !unopened_; }

  std::shared_ptr<Session> session(std::uint64_t connection);
  void forget(std::uint64_t connection);

  const std::string home;
  const Configuration configuration;
  Ledger ledger;
  Ledger reading;
  Ledger verifying;
  SystemClock clock;
  KeyRing keys;
  Appliance appliance;
  Jobs jobs;
  UploadSpace upload_space;

 private:
  const std::optional<Error> unopened_;  // why the ledger could not be opened for writing
  mutable std::mutex mutex_;
  std::optional<Error> found_;  // what the newest verification found
  std::map<std::uint64_t, std::shared_ptr<Session>> sessions_;
};

}  // namespace sealroom::daemon
