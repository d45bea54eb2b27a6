// sealroomd: the signing daemon. The only process that opens a CA or log token, and the only one that opens the ledger.
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <iostream>
#include <thread>

#include <boost/program_options.hpp>
#include <fmt/format.h>

#include "dispatch.hpp"
#include "home.hpp"
#include "make_home.hpp"
#include "restore_home.hpp"
#include "sandbox.hpp"
#include "software.hpp"
#include "sealroom/issuance/clock_check.hpp"
#include "sealroom/wire/server.hpp"

namespace sealroom::daemon {
namespace {

struct Options {
  std::string home;
  int ready_fd = -1;
  bool make_home = false;
  bool finish_restore = false;
  bool take_exports = false;
};

Result<Options> read_options(int argc, char** argv) {
  namespace po = boost::program_options;
  po::options_description known("sealroomd --home DIR [--ready-fd N]");
  Options options;
  known.add_options()("home", po::value(&options.home), "the appliance's home, made by `sealroom init`")(
      "ready-fd", po::value(&options.ready_fd),
      "write a line feed to this descriptor when calls are answered, and close it")(
      "make-home", po::bool_switch(&options.make_home),
      "finish a home that is being made, and exit (used by `sealroom init`)")(
      "finish-restore", po::bool_switch(&options.finish_restore),
      "finish a home that is made of a backup, and exit (used by `sealroom restore`)")(
      "take-exports", po::bool_switch(&options.take_exports),
      "take in the exports that `sealroom restore --export` has put into the home, and exit")("help", "say this")(
      "version", "say the version");
  try {
    po::variables_map given;
    po::store(po::command_line_parser(argc, argv).options(known).positional({}).run(), given);
    if (given.contains("help")) {
      std::cout << known;
      exit(0);
    }
    if (given.contains("version")) {
      std::cout << "sealroomd " << SEALROOM_VERSION << "\n";
      exit(0);
    }
    po::notify(given);
  } catch (const po::error& error) {
    return fail(ErrorKind::Usage, error.what(), "sealroomd --help");
  }
  if (options.home.empty()) return fail(ErrorKind::Usage, "--home is missing", "sealroomd --home DIR");
  return options;
}

Result<Done> announce_ready(int fd) {
  if (fd < 0) return Done{};
  const Fd ready(fd);
  return write_all(ready.get(), as_bytes("\n"), "--ready-fd");
}

Result<Ledgers> open_sound_ledgers() {
  auto sound = Ledger::examine(kLedger);
  if (!sound) return pass_on(sound);
  auto writing = Ledger::open(kLedger, LedgerAccess::ReadWrite);
  if (!writing) return pass_on(writing);
  auto reading = Ledger::open(kLedger, LedgerAccess::ReadOnly);
  if (!reading) return pass_on(reading);
  auto verifying = Ledger::open(kLedger, LedgerAccess::ReadOnly);
  if (!verifying) return pass_on(verifying);
  return Ledgers{std::move(*writing), std::move(*reading), std::move(*verifying), std::nullopt};
}

Result<Ledgers> open_ledgers() {
  auto sound = open_sound_ledgers();
  if (sound) return sound;
  auto closed = Ledger::open_in_trouble(kLedger, sound.error());
  if (!closed) return pass_on(closed);
  auto reading = Ledger::open_in_trouble(kLedger, sound.error());
  if (!reading) return pass_on(reading);
  auto verifying = Ledger::open_in_trouble(kLedger, sound.error());
  if (!verifying) return pass_on(verifying);
  return Ledgers{std::move(*closed), std::move(*reading), std::move(*verifying), sound.error()};
}

Result<Done> log_start(Daemon& daemon) {
  if (!daemon.writable()) return Done{};  // nothing can be written; status and stderr say why
  const auto work = daemon.own_work();
  auto module = digest_of_file(daemon.keys.module().path());
  if (!module) return pass_on(module);
  auto doubted = doubt_after_silence(work);
  if (!doubted) return doubted;
  auto started = record(work, {.name = "daemon.started",
                               .outcome = "ok",
                               .details = {{"version", SEALROOM_VERSION},
                                           {"module", daemon.keys.module().description()},
                                           {"module_path", daemon.keys.module().path()},
                                           {"module_sha256", *module}}});
  if (!started) return pass_on(started);
  return confirm_clock_of_trial(work);
}

// The signals that end the daemon, blocked in this thread and in all that begin after.
sigset_t block_stop_signals() {
  sigset_t signals{};
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);
  return signals;
}

// Those signals arrive in a thread of its own, which tells the server to end. The server outlives it.
class StopWatch {
 public:
  StopWatch(const sigset_t& signals, wire::Server& server)
      : watcher_([&signals, &server] {
          int arrived = 0;
          sigwait(&signals, &arrived);
          server.stop();
        }) {}
  ~StopWatch() {
    pthread_kill(watcher_.native_handle(), SIGTERM);
    watcher_.join();
  }
  StopWatch(const StopWatch&) = delete;
  StopWatch& operator=(const StopWatch&) = delete;

 private:
  std::thread watcher_;
};

int report(const Error& error) {
  std::cerr << "sealroomd: error: " << error.message << "\n";
  if (!error.hint.empty()) std::cerr << "sealroomd: hint: " << error.hint << "\n";
  return static_cast<int>(error.kind);
}

// A thread hangs inside the module: waiting for it would never end, and everything durable is durable.
[[noreturn]] void end_as_it_is(const Error& error) { _exit(report(error)); }

Result<Done> answer_calls(Daemon& daemon, Dispatch& dispatch, const sigset_t& stop_signals, int ready_fd) {
  auto server = wire::Server::listen(
      kSocket, {},
      {.admit = [&](const wire::Peer& peer) { return dispatch.admit(peer); },
       .on_hello = [&](const wire::Peer& peer) { return dispatch.hello(peer); },
       .on_call = [&](const wire::Peer& peer, wire::Call call,
                      wire::Reply reply) { dispatch.call(peer, std::move(call), std::move(reply)); },
       .on_close = [&](const wire::Peer& peer) { daemon.forget(peer.connection); }});
  if (!server) return pass_on(server);
  auto ready = announce_ready(ready_fd);
  if (!ready) return ready;
  const StopWatch watch(stop_signals, **server);
  dispatch.when_ledger_breaks([&] { (*server)->stop(); });
  (*server)->run();
  dispatch.when_ledger_breaks([] {});
  return Done{};
}

Result<Done> serve(const Options& options, const std::string& home, Configuration configuration) {
  const auto stop_signals = block_stop_signals();
  auto lock = lock_home();
  if (!lock) return pass_on(lock);
  auto ledgers = open_ledgers();
  if (!ledgers) return pass_on(ledgers);
  if (ledgers->trouble) report(*ledgers->trouble);
  auto module = Module::load(configuration.module());
  if (!module) return pass_on(module);
  auto closed = close_the_door();
  if (!closed) return closed;

  auto software = own_digest();
  if (!software) return pass_on(software);
  Daemon daemon(home, std::move(*software), std::move(configuration), std::move(*module), std::move(*ledgers));
  daemon.keys.refresh();
  auto verification = newest_verification(daemon.ledger);
  if (verification && *verification) daemon.verified(**verification);
  if (const auto trouble = daemon.trouble(); trouble && daemon.writable()) report(*trouble);
  auto started = log_start(daemon);
  if (!started && started.error().kind != ErrorKind::Integrity) return started;
  if (!started) report(started.error());  // a clock that stands before the log: it is asked about, and corrected, later
  Dispatch dispatch(daemon);
  auto answered = answer_calls(daemon, dispatch, stop_signals, options.ready_fd);
  auto locked = dispatch.close();
  if (!locked) end_as_it_is(locked.error());
  if (daemon.ledger.broken()) {
    return fail(ErrorKind::Integrity, "the ledger's disk failed: nobody knows what is on it",
                "find out what is wrong with the disk, then start sealroomd again: it reads what is really there");
  }
  return answered;
}

Result<Done> run(int argc, char** argv) {
  auto options = read_options(argc, argv);
  if (!options) return pass_on(options);
  auto hardened = harden_process();
  if (!hardened) return hardened;
  auto home = enter_home(options->home);
  if (!home) return pass_on(home);
  auto configuration = load_configuration();
  if (!configuration) return pass_on(configuration);
  if (!configuration->softhsm_config().empty()) {
    setenv("SOFTHSM2_CONF", (*home + "/" + configuration->softhsm_config()).c_str(), 1);
  }
  if (options->make_home) return make_home(*configuration);
  if (options->finish_restore || options->take_exports) {
    auto closed = close_the_door();
    if (!closed) return closed;
    auto answer = options->finish_restore ? finish_restore(*configuration) : take_exports(*configuration);
    if (!answer) return pass_on(answer);
    std::cout << *answer << "\n";
    return Done{};
  }
  return serve(*options, *home, std::move(*configuration));
}

}  // namespace
}  // namespace sealroom::daemon

int main(int argc, char** argv) {
  try {
    auto done = sealroom::daemon::run(argc, argv);
    return done ? 0 : sealroom::daemon::report(done.error());
  } catch (const std::bad_alloc&) {
    std::cerr << "sealroomd: error: no memory left\n";
    return 1;
  }
}
