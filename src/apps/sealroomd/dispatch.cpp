#include "dispatch.hpp"

#include <algorithm>
#include <future>
#include <new>

#include <fmt/format.h>

#include "home.hpp"
#include "sealroom/base/text.hpp"
#include "sealroom/issuance/keys.hpp"
#include "sealroom/wire/message.hpp"

namespace sealroom::daemon {
namespace {

// A peer that knocks again and again is logged once a minute, so that it cannot fill the disk.
constexpr std::chrono::minutes kBetweenRefusals{1};

// How long the end of the daemon waits for what it is doing.
constexpr std::chrono::seconds kPatience{30};

// How long a verification waits for its note.
constexpr std::chrono::seconds kPatienceForNote{5};

// The only calls with a descriptor beside them.
constexpr std::string_view kTakeDescriptor[] = {"unlock", "audit.replace-key"};  // a PIN

// A piece of work that finds no memory fails alone.
template <class Work>
Result<Json> attempt(const Work& work) {
  try {
    return work();
  } catch (const std::bad_alloc&) {
    return fail(ErrorKind::Failed, "no memory left", "ask for less at a time");
  } catch (const Json::exception& wrong) {  // of a stored document: what peers send is read by Parameters
    return fail(ErrorKind::Integrity, fmt::format("a stored document has another shape: {}", printable(wrong.what())),
                "the ledger was changed outside the daemon; keep it as it is and run `sealroom audit verify`");
  }
}

}  // namespace

Dispatch::Dispatch(Daemon& daemon)
    : daemon_(daemon),
      reading_(std::make_unique<Desk>()),
      verifying_(std::make_unique<Desk>()),
      writing_(std::make_unique<Desk>(std::chrono::seconds{5}, [this] { look_after(); })) {
  for (const auto& method : methods()) methods_.emplace(method.name, &method);
  daemon_.verifying.stop_when([this] { return stopping_.load(); });
}

Result<Done> Dispatch::admit(const wire::Peer& peer) {
  const auto role = daemon_.role_of(peer);
  if (role != Role::None) return Done{};
  log_refusal(peer, role, "hello");
  return fail(ErrorKind::Failed, fmt::format("user {} has no role on this appliance", peer.uid),
              "the owner of the home gives roles in sealroom.yaml");
}

Result<Json> Dispatch::hello(const wire::Peer& peer) {
  return Json{{"version", SEALROOM_VERSION}, {"role", name_of(daemon_.role_of(peer))}, {"home", daemon_.home}};
}

void Dispatch::call(const wire::Peer& peer, wire::Call call, wire::Reply reply) {
  const auto role = daemon_.role_of(peer);
  const auto found = methods_.find(call.method);
  if (found == methods_.end()) {
    return reply(fail(ErrorKind::Usage, fmt::format("the daemon has no method \"{}\"", printable(call.method)),
                      "client and daemon may be of different versions"));
  }
  const auto& method = *found->second;
  if (role < method.least) {
    log_refusal(peer, role, method.name);
    return reply(fail(ErrorKind::Failed,
                      fmt::format("{} needs the role {}, and user {} has the role {}", method.name,
                                  name_of(method.least), peer.uid, name_of(role)),
                      "the owner of the home gives roles in sealroom.yaml"));
  }
  if (!call.descriptors.empty() && std::ranges::find(kTakeDescriptor, call.method) == std::end(kTakeDescriptor)) {
    return reply(fail(ErrorKind::Usage, fmt::format("{} takes no descriptor", method.name)));
  }
  auto request = std::make_shared<Request>(Request{.peer = peer,
                                                   .role = role,
                                                   .parameters = std::move(call.parameters),
                                                   .descriptors = std::move(call.descriptors),
                                                   .session = daemon_.session(peer.connection)});
  run(method, std::move(request), std::move(reply));
}

void Dispatch::run(const Method& method, std::shared_ptr<Request> request, wire::Reply reply) {
  if (const auto* at_once = std::get_if<AtOnce>(&method.run)) {
    return reply(attempt([&] { return at_once->run(daemon_, *request); }));
  }
  if (const auto* answering = std::get_if<Answering>(&method.run)) {
    const auto answered = attempt([&]() -> Result<Json> { return answering->run(daemon_, *request, reply), Json(); });
    return static_cast<void>(answered.has_value());  // a reply that is let go answers for itself
  }
  if (const auto* reading = std::get_if<ReadingMethod>(&method.run)) {
    return reading_->put(
        [this, run = *reading, request, reply] { reply(unless_stopping([&] { return run(daemon_, *request); })); });
  }
  if (const auto* verifying = std::get_if<VerifyingJob>(&method.run)) return verify(*verifying, request, reply);
  if (auto trouble = daemon_.trouble()) return reply(std::unexpected(*trouble));
  if (const auto* writing = std::get_if<WritingMethod>(&method.run)) {
    return writing_->put([this, run = *writing, request, reply] {
      reply(unless_broken([&] { return run(daemon_, *request, work_of(*request)); }));
    });
  }
  start_job(*writing_, *request, reply, [this, run = std::get<AsJob>(method.run).run, request](const std::string& job) {
    return unless_broken([&] { return run(daemon_, *request, work_of(*request, job)); });
  });
}

void Dispatch::start_job(Desk& desk, const Request& request, const wire::Reply& reply,
                         std::function<Result<Json>(const std::string& job)> work) {
  const auto job = daemon_.jobs.start(request.peer.uid);
  if (!job) return reply(std::unexpected(job.error()));
  desk.put([this, work = std::move(work), name = *job] { daemon_.jobs.finish(name, work(name)); });
  reply(Json{{"job", *job}});
}

// A ledger that is in trouble is verified, too: that may end the trouble.
void Dispatch::verify(const VerifyingJob& method, const std::shared_ptr<Request>& request, const wire::Reply& reply) {
  start_job(*verifying_, *request, reply, [this, method, request](const std::string& job) {
    auto work = work_of(*request, job);
    work.stopping = [this] { return stopping_.load(); };
    auto answer = unless_stopping([&] { return method.run(daemon_, *request, work); });
    if (daemon_.writable() && !stopping_) note_it(method.note, request, answer);
    return answer;
  });
}

// What came of a verification is durable before it is told, where the writing desk is not held up by a token.
void Dispatch::note_it(NoteMethod note, const std::shared_ptr<Request>& request, const Result<Json>& answer) {
  const auto noted = std::make_shared<std::promise<void>>();
  auto done = noted->get_future();
  writing_->put([this, note, request, answer, noted] {
    // A ledger that cannot be written stops everything else by itself.
    if (!daemon_.ledger.broken()) (void)note(daemon_, work_of(*request), answer);
    noted->set_value();
  });
  done.wait_for(kPatienceForNote);
}

Work Dispatch::work_of(const Request& request) {
  auto work = daemon_.work_of(request.peer, request.role);
  work.stopping = [this] { return stopping_.load() || daemon_.trouble(); };
  return work;
}

Work Dispatch::work_of(const Request& request, const std::string& job) {
  auto work = work_of(request);
  work.progress = [this, job](std::uint64_t done, std::uint64_t total) { daemon_.jobs.progress(job, done, total); };
  return work;
}

Result<Json> Dispatch::unless_stopping(const std::function<Result<Json>()>& work) const {
  if (stopping_) return stopped();
  return attempt(work);
}

// Between a failed sync and the end of the daemon, which lets clients have their answers first, nothing is begun.
Result<Json> Dispatch::unless_broken(const std::function<Result<Json>()>& work) const {
  if (daemon_.ledger.broken()) {
    return fail(ErrorKind::Integrity, fmt::format("{}: an earlier change could not be made durable", kLedger),
                "find out what is wrong with the disk, then start sealroomd again");
  }
  if (auto trouble = daemon_.trouble()) return std::unexpected(*trouble);  // found while this was waiting
  auto answer = unless_stopping(work);
  if (auto trouble = daemon_.trouble(); trouble && !answer) return std::unexpected(*trouble);  // and that stopped it
  return answer;
}

void Dispatch::log_refusal(const wire::Peer& peer, Role role, std::string what) {
  const auto now = daemon_.clock.since_boot();
  const auto [last, first] = refused_.try_emplace({peer.uid, what}, now);
  if (!first && now - last->second < kBetweenRefusals) return;
  last->second = now;
  writing_->put([this, peer, role, what = std::move(what)] {
    // The peer was turned away already; a ledger that cannot be written stops everything else by itself.
    (void)record(daemon_.work_of(peer, role),
                 {.name = "peer.refused", .outcome = "refused", .details = {{"method", what}}});
  });
}

void Dispatch::look_after() {
  if (stopping_) return;
  if (daemon_.ledger.broken()) {
    const std::lock_guard guard(ledger_broke_mutex_);
    return ledger_broke_();
  }
  const auto work = daemon_.own_work();
  for (const auto& owner : daemon_.keys.idle(daemon_.clock.since_boot(), daemon_.configuration.idle_lock())) {
    (void)sealroom::lock(work, owner, "idle");
  }
}

void Dispatch::when_ledger_breaks(std::function<void()> act) {
  const std::lock_guard guard(ledger_broke_mutex_);
  ledger_broke_ = std::move(act);
}

Result<Done> Dispatch::close() {
  stopping_ = true;
  const auto finished = std::make_shared<std::promise<void>>();
  auto future = finished->get_future();
  writing_->put([this, finished] {
    if (!daemon_.ledger.broken()) {
      const auto work = daemon_.own_work();
      (void)record(work, {.name = "daemon.stopped", .outcome = "ok", .details = Json::object()});
      if (!daemon_.trouble()) (void)checkpoint_if_unlocked(work);
    }
    daemon_.keys.lock_all();
    finished->set_value();
  });
  if (future.wait_for(kPatience) != std::future_status::ready) {
    return fail(ErrorKind::Token, "a token does not answer, so the tokens could not be locked", "take the token out");
  }
  verifying_.reset();  // first: what it still does may hand on to the writing desk
  reading_.reset();
  writing_.reset();
  return Done{};
}

}  // namespace sealroom::daemon
