#include "daemon.hpp"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <thread>

namespace sealroom::daemon {
namespace {

// Those that this process may use (taskset, CPUAffinity= of systemd), which may be fewer than there are.
unsigned processors() {
  cpu_set_t usable;
  if (sched_getaffinity(0, sizeof usable, &usable) != 0) return std::thread::hardware_concurrency();
  return static_cast<unsigned>(CPU_COUNT(&usable));
}

}  // namespace

Daemon::Daemon(std::string home_path, std::string software, Configuration loaded, std::shared_ptr<Module> module,
               Ledgers ledgers)
    : home(std::move(home_path)),
      configuration(std::move(loaded)),
      ledger(std::move(ledgers.writing)),
      reading(std::move(ledgers.reading)),
      verifying(std::move(ledgers.verifying)),
      keys(std::move(module), configuration),
      appliance{configuration, ledger, keys, clock, std::move(software), processors()},
      unopened_(std::move(ledgers.trouble)) {}

Work Daemon::work_of(const wire::Peer& peer, Role role) {
  return Work{.appliance = appliance, .actor = {.uid = peer.uid, .pid = peer.pid, .role = std::string(name_of(role))}};
}

Work Daemon::own_work() {
  return Work{.appliance = appliance, .actor = {.uid = getuid(), .pid = getpid(), .role = "daemon"}};
}

Role Daemon::role_of(const wire::Peer& peer) const {
  if (peer.uid == 0 || peer.uid == geteuid()) return Role::Admin;
  const auto& roles = configuration.roles();
  auto best = Role::None;
  if (const auto found = roles.users.find(peer.uid); found != roles.users.end()) best = found->second;
  const auto consider = [&](gid_t group) {
    const auto found = roles.groups.find(group);
    if (found != roles.groups.end()) best = std::max(best, found->second);
  };
  consider(peer.gid);
  for (const auto group : peer.groups) consider(group);
  return best;
}

std::optional<Error> Daemon::trouble() const {
  if (unopened_) return unopened_;
  const std::lock_guard guard(mutex_);
  return found_;
}

void Daemon::verified(const LedgerVerification& verification) {
  const std::lock_guard guard(mutex_);
  found_.reset();
  if (!verification.trouble.empty()) found_ = found_wrong(verification).error();
}

std::shared_ptr<Session> Daemon::session(std::uint64_t connection) {
  const std::lock_guard guard(mutex_);
  auto& session = sessions_[connection];
  if (!session) session = std::make_shared<Session>(upload_space);
  return session;
}

void Daemon::forget(std::uint64_t connection) {
  const std::lock_guard guard(mutex_);
  sessions_.erase(connection);
}

}  // namespace sealroom::daemon
