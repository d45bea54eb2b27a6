#include <sys/prctl.h>
#include <sys/resource.h>

#include <fmt/format.h>

#include "methods.hpp"
#include "parameters.hpp"
#include "sealroom/issuance/clock_check.hpp"
#include "sealroom/issuance/recovery.hpp"
#include "sealroom/issuance/verification.hpp"
#include "sealroom/x509/name.hpp"

// What `sealroom doctor` asks the daemon: `doctor` on the reading desk, also with a ledger that is not sound, and
// `doctor.tokens` on the writing desk, where the module is. Both only look; no PIN is used.
namespace sealroom::daemon {
namespace {

constexpr auto kCertificateEndsSoon = std::chrono::days{30};
constexpr auto kCheckpointIsOld = std::chrono::days{30};
constexpr auto kVerificationIsOld = std::chrono::days{100};
constexpr rlim_t kLockedMemory = rlim_t{256} * 1024;  // a PIN takes a page each, and there are a few

class Checks {
 public:
  void ok(std::string check, std::string detail) { add(std::move(check), "ok", std::move(detail), "", 0); }
  void warning(std::string check, std::string detail, std::string act) {
    add(std::move(check), "warning", std::move(detail), std::move(act), 0);
  }
  void problem(std::string check, ErrorKind kind, std::string detail, std::string act) {
    add(std::move(check), "problem", std::move(detail), std::move(act), static_cast<int>(kind));
  }
  void problem(std::string check, const Error& error) {
    problem(std::move(check), error.kind, error.message, error.hint);
  }
  Json all() && { return std::move(all_); }

 private:
  void add(std::string check, const char* state, std::string detail, std::string act, int code) {
    all_.push_back({{"check", std::move(check)},
                    {"state", state},
                    {"detail", std::move(detail)},
                    {"do", std::move(act)},
                    {"code", code}});
  }
  Json all_ = Json::array();
};

void check_process(Checks& checks) {
  rlimit locked{};
  getrlimit(RLIMIT_MEMLOCK, &locked);
  if (locked.rlim_cur < kLockedMemory) {
    checks.warning("process/locked-memory",
                   fmt::format("only {} octets of memory can be locked for PINs", locked.rlim_cur),
                   "raise the daemon's RLIMIT_MEMLOCK (ulimit -l, LimitMEMLOCK=)");
  } else {
    checks.ok("process/locked-memory", "PINs are kept in locked memory");
  }
  rlimit core{};
  getrlimit(RLIMIT_CORE, &core);
  if (prctl(PR_GET_DUMPABLE) == 0 && core.rlim_cur == 0) {
    checks.ok("process/core-dumps", "the daemon never dumps core");
  } else {
    checks.problem("process/core-dumps", ErrorKind::Failed, "the daemon may dump core", "start the daemon again");
  }
  constexpr int kFilter = 2;  // SECCOMP_MODE_FILTER
  if (prctl(PR_GET_SECCOMP) == kFilter) {
    checks.ok("process/seccomp", "the daemon has closed the network, execve and ptrace to itself");
  } else {
    checks.problem("process/seccomp", ErrorKind::Failed, "the daemon runs without its seccomp filter",
                   "start the daemon again");
  }
}

// The time of the newest entry that a checkpoint covers.
Result<Done> check_checkpoint(Checks& checks, const Daemon& daemon, std::uint64_t size) {
  auto newest = daemon.reading.newest_checkpoint();
  if (!newest) return pass_on(newest);
  if (!*newest) {
    checks.warning("ledger/checkpoint", fmt::format("no checkpoint covers the {} entries yet", size),
                   "make the log key in a ceremony, and unlock log");
    return Done{};
  }
  auto line = daemon.reading.line((*newest)->size - 1);
  if (!line) return pass_on(line);
  auto entry = log::parse_line(*line);
  if (!entry) return pass_on(entry);
  const auto detail = fmt::format("the newest checkpoint covers {} of {} entries, up to {}", (*newest)->size, size,
                                  to_rfc3339(entry->context.time));
  if ((*newest)->size < size && daemon.clock.now() - entry->context.time > kCheckpointIsOld) {
    checks.warning("ledger/checkpoint", detail, "sealroom unlock log");
  } else {
    checks.ok("ledger/checkpoint", detail);
  }
  return Done{};
}

Result<Done> check_verification(Checks& checks, const Daemon& daemon) {
  auto newest = newest_verification(daemon.reading);
  if (!newest) return pass_on(newest);
  if (!*newest) {
    checks.warning("ledger/verification", "nobody has verified the whole ledger yet", "sealroom audit verify");
    return Done{};
  }
  const auto detail = fmt::format("the whole ledger was verified at {}", to_rfc3339((*newest)->time));
  if (daemon.clock.now() - (*newest)->time > kVerificationIsOld) {
    checks.warning("ledger/verification", detail, "sealroom audit verify");
  } else {
    checks.ok("ledger/verification", detail);
  }
  return Done{};
}

Result<Done> check_unaccounted(Checks& checks, const Daemon& daemon) {
  auto open = unaccounted(daemon.reading, daemon.configuration);
  if (!open) return pass_on(open);
  if (!open->gaps.empty()) {
    auto gap = no_open_gap(daemon.reading, daemon.configuration);
    if (!gap) checks.problem("ledger/gaps", gap.error());
  }
  const auto waiting = open->suspects.size() + open->keys.size();
  if (waiting > 0) {
    checks.problem("ledger/unaccounted", ErrorKind::NeedsPerson,
                   fmt::format("{} certificate(s) and {} act(s) with keys were begun and have no outcome",
                               open->suspects.size(), open->keys.size()),
                   "sealroom recover");
  } else if (!open->destructions.empty()) {
    const auto& first = open->destructions.front();
    checks.warning("ledger/unaccounted", fmt::format("the destruction of a key of {} has no outcome", first.owner),
                   fmt::format("sealroom unlock {}", first.owner));
  } else {
    checks.ok("ledger/unaccounted", "everything that was begun has its outcome");
  }
  return Done{};
}

Result<Done> check_ledger(Checks& checks, const Daemon& daemon) {
  auto size = daemon.reading.log_size();
  if (!size) return pass_on(size);
  checks.ok("ledger",
            fmt::format("{} log entries; those since the newest checkpoint were verified at the start", *size));
  auto covered = check_checkpoint(checks, daemon, *size);
  if (!covered) return covered;
  auto verified = check_verification(checks, daemon);
  if (!verified) return verified;
  return check_unaccounted(checks, daemon);
}

Result<Done> check_clock(Checks& checks, const Daemon& daemon) {
  auto possible = clock_is_not_behind(daemon.reading, daemon.clock);
  if (!possible) {
    checks.problem("clock", possible.error());
    return Done{};
  }
  auto doubt = doubt_about_clock(daemon.reading, daemon.clock);
  if (!doubt) return pass_on(doubt);
  const auto now = to_rfc3339(daemon.clock.now());
  if (doubt->empty()) {
    checks.ok("clock", fmt::format("{}, confirmed, and in step with the time since boot", now));
  } else {
    checks.warning("clock", fmt::format("{}: it must be confirmed: {}", now, *doubt),
                   "have a clock that you trust at hand; the next unlock asks");
  }
  return Done{};
}

void check_token(Checks& checks, const KeyState& state) {
  const auto check = "token/" + state.owner;
  if (!state.token) {
    return checks.problem(check, ErrorKind::Token, state.trouble, "insert it, or correct the key's URI");
  }
  const auto& token = *state.token;
  const auto name = fmt::format("{} ({}), {}", token.label, token.serial, state.unlocked ? "unlocked" : "locked");
  if (token.pin_locked) {
    return checks.problem(check, ErrorKind::Token, name + ": its PIN is locked",
                          "the token's security officer must set a new PIN");
  }
  if (token.pin_final_try) {
    return checks.problem(check, ErrorKind::NeedsPerson, name + ": one wrong PIN more locks it",
                          "make sure of the PIN, then sealroom unlock --accept-final-try");
  }
  if (token.pin_count_low) {
    return checks.warning(check, name + ": a wrong PIN was tried since the last right one", "make sure of the PIN");
  }
  checks.ok(check, name);
}

void check_stored_keys(Checks& checks, const KeyState& state) {
  if (!state.unlocked) return;
  const auto check = "keys/" + state.owner;
  const auto unknown = std::ranges::count(state.stored, KeyStanding::Unknown, &StoredKey::standing);
  if (unknown == 0)
    return checks.ok(check, fmt::format("{} private key(s) on the token, all known", state.stored.size()));
  checks.problem(check, ErrorKind::NeedsPerson,
                 fmt::format("{} private key(s) on the token that nobody has decided about", unknown),
                 "sealroom key list");
}

Result<Done> check_log_key(Checks& checks, const Daemon& daemon) {
  auto key = daemon.reading.key(kLogOwner);
  if (!key) return pass_on(key);
  if (*key) {
    checks.ok("log/key", fmt::format("on token {} ({})", (*key)->token_label, (*key)->token_serial));
  } else {
    checks.warning("log/key", "there is none yet", "sealroom ceremony run SCRIPT");
  }
  return Done{};
}

Result<Done> check_issuer(Checks& checks, const Daemon& daemon, const std::string& name) {
  const auto check = "issuer/" + name;
  auto row = issuer_row(daemon.reading, name);
  if (!row) return pass_on(row);
  if (row->state != "active") {
    checks.warning(check, fmt::format("its state is \"{}\": it issues nothing", row->state),
                   "sealroom ceremony run SCRIPT, or sealroom issuer install");
    return Done{};
  }
  auto chain = chain_of(daemon.reading, name);
  if (!chain) return pass_on(chain);
  const auto now = daemon.clock.now();
  for (const auto& certificate : *chain) {
    const auto detail = fmt::format("the certificate of \"{}\" ends {}", printable_name(certificate.subject()),
                                    to_rfc3339(certificate.not_after()));
    if (certificate.not_after() <= now) {
      checks.problem(check, ErrorKind::NeedsPerson, detail, "renew it in a ceremony");
      return Done{};
    }
    if (certificate.not_after() - now < kCertificateEndsSoon) {
      checks.warning(check, detail, "renew it in a ceremony");
      return Done{};
    }
  }
  checks.ok(check, fmt::format("active until {}, {} profile(s)", to_rfc3339(chain->front().not_after()),
                               daemon.configuration.issuer(name)->profiles.size()));
  return Done{};
}

Result<Done> check_keys_and_issuers(Checks& checks, const Daemon& daemon) {
  auto done = check_log_key(checks, daemon);
  for (const auto& [name, settings] : daemon.configuration.issuers()) {
    if (done) done = check_issuer(checks, daemon, name);
  }
  return done;
}

void check_roles(Checks& checks, const Daemon& daemon) {
  const auto& roles = daemon.configuration.roles();
  const auto officers = [](const auto& given) {
    return std::ranges::count_if(given, [](const auto& one) { return one.second >= Role::Officer; });
  };
  const auto named = officers(roles.users) + officers(roles.groups);
  checks.ok("roles", named == 0
                         ? std::string("only root and the daemon's user may sign")
                         : fmt::format("{} user(s) or group(s) beside root and the daemon's user may sign", named));
  if (!daemon.configuration.trial_pins().empty()) {
    checks.warning("trial", "a trial home: its tokens are files, and their PINs lie beside them",
                   "make a home with --module for keys that count");
  }
}

// What the token of `owner` lacks to hold and use its key, "" when nothing.
std::string lacking(const Daemon& daemon, std::string_view owner, const std::optional<KeyRow>& row,
                    const TokenAbilities& able) {
  if (owner == kLogOwner && !able.ec) return "EC P-256 with CKM_ECDSA, which the log key is";
  if (owner == kLogOwner) return "";
  const auto key = row ? PublicKey::parse(row->public_key) : Result<PublicKey>(fail(ErrorKind::Failed, ""));
  const auto bits = key ? key->bits() : daemon.configuration.issuer(owner)->config.default_bits();
  const bool rsa = able.rsa_least <= bits && bits <= able.rsa_most;
  if (key && key->type() == KeyType::Rsa && !rsa)
    return fmt::format("RSA {} with CKM_RSA_PKCS, which its key is", bits);
  if (key && key->type() != KeyType::Rsa && !able.ec) return "EC with CKM_ECDSA, which its key is";
  if (!key && !rsa && !able.ec) return fmt::format("both RSA {} with CKM_RSA_PKCS and EC with CKM_ECDSA", bits);
  return "";
}

}  // namespace

Result<Json> doctor(Daemon& daemon, Request& request) {
  auto understood = Parameters(request.parameters).done();
  if (!understood) return pass_on(understood);
  Checks checks;
  checks.ok("module", fmt::format("{} ({})", daemon.keys.module().path(), daemon.keys.module().description()));
  check_process(checks);
  if (const auto trouble = daemon.trouble()) {
    checks.problem("ledger", *trouble);
  } else {
    for (auto* part : {&check_ledger, &check_clock, &check_keys_and_issuers}) {
      auto done = (*part)(checks, daemon);
      if (!done) checks.problem("ledger", done.error());
    }
  }
  for (const auto& state : daemon.keys.states()) {
    check_token(checks, state);
    check_stored_keys(checks, state);
  }
  check_roles(checks, daemon);
  return Json{{"checks", std::move(checks).all()}, {"configuration_sha256", to_hex(daemon.configuration.digest())}};
}

Result<Json> doctor_tokens(Daemon& daemon, Request& request, const Work&) {
  auto understood = Parameters(request.parameters).done();
  if (!understood) return pass_on(understood);
  daemon.keys.refresh();
  Checks checks;
  for (const auto& state : daemon.keys.states()) {
    if (!state.token) continue;
    const auto check = "mechanisms/" + state.owner;
    auto uri = daemon.keys.uri_of(state.owner);
    if (!uri) return pass_on(uri);
    auto able = daemon.keys.module().abilities(*uri);
    auto row = daemon.ledger.key(state.owner);
    if (!row) return pass_on(row);
    if (!able) {
      checks.problem(check, able.error());
    } else if (const auto lacks = lacking(daemon, state.owner, *row, *able); !lacks.empty()) {
      checks.problem(check, ErrorKind::Token, "the token lacks " + lacks, "use a token that has it");
    } else {
      checks.ok(check, fmt::format("RSA {} to {}, EC P-256 {}; {} session(s) at a time", able->rsa_least,
                                   able->rsa_most, able->ec ? "yes" : "no",
                                   able->sessions == 0 ? "any number of" : std::to_string(able->sessions)));
    }
  }
  return Json{{"checks", std::move(checks).all()}};
}

}  // namespace sealroom::daemon
