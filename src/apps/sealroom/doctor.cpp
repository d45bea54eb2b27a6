#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include <fmt/format.h>

#include "daemon_call.hpp"
#include "doctor_checks.hpp"
#include "sealroom/base/text.hpp"

// Everything that a ceremony will need, looked at beforehand. Nothing is changed and no PIN is used.
namespace sealroom::cli {
namespace {

constexpr auto kPatience = std::chrono::seconds{5};  // for a daemon that signs, or whose module hangs
constexpr auto kPause = std::chrono::milliseconds{20};

Json check(std::string name, const char* state, std::string detail, std::string act, int code) {
  return {{"check", std::move(name)},
          {"state", state},
          {"detail", std::move(detail)},
          {"do", std::move(act)},
          {"code", code}};
}

Json check_socket(const std::string& home) {
  const auto path = home + "/run/sealroomd.sock";
  struct stat status{};
  if (lstat(path.c_str(), &status) != 0) return check_ok("socket", "there is none while no daemon runs");
  if (!S_ISSOCK(status.st_mode))
    return check_problem("socket", ErrorKind::Usage, "run/sealroomd.sock is no socket", "find out who put it there");
  return check_ok("socket", fmt::format("mode {:04o}; the folders above it, and roles, decide who gets in",
                                        status.st_mode & 07777));
}

// What the daemon sees of the tokens now. One that is busy, or whose module hangs, is not waited for.
Json check_tokens(wire::Client& client) {
  auto started = client.call("doctor.tokens");
  if (!started) {
    if (started.error().kind == ErrorKind::Integrity) return Json::array();  // `ledger` says it
    return Json::array({check_problem("tokens", started.error().kind, started.error().message, started.error().hint)});
  }
  const auto until = std::chrono::steady_clock::now() + kPatience;
  while (std::chrono::steady_clock::now() < until) {
    auto state = client.call("job.look", {{"job", started->at("job")}});
    if (!state)
      return Json::array({check_problem("tokens", state.error().kind, state.error().message, state.error().hint)});
    if (state->at("state") == "done") return state->at("result").at("checks");
    std::this_thread::sleep_for(kPause);
  }
  return Json::array({check_warning(
      "tokens", fmt::format("the daemon is busy, or a token does not answer, for {} s", kPatience.count()),
      "wait for what it does; if it does nothing, take the token out")});
}

void add_all(Json& checks, const Json& more) {
  for (const auto& one : more) checks.push_back(one);
}

void check_daemon(Json& checks, wire::Client& client, const std::string& configuration) {
  const auto version = client.hello().value("version", std::string());
  checks.push_back(version == SEALROOM_VERSION ? check_ok("daemon", fmt::format("version {}", version))
                                               : check_warning("daemon",
                                                               fmt::format("version {}, and this program is {}",
                                                                           printable(version), SEALROOM_VERSION),
                                                               "use programs of one version"));
  add_all(checks, check_tokens(client));
  auto answer = client.call("doctor");
  if (!answer) {
    checks.push_back(check_problem("daemon", answer.error().kind, answer.error().message, answer.error().hint));
    return;
  }
  add_all(checks, answer->at("checks"));
  if (!configuration.empty() && answer->at("configuration_sha256") != configuration) {
    checks.push_back(check_warning("configuration/in-force", "the daemon works with another than the one on the disk",
                                   "start the daemon again"));
  }
}

// The first of 6, 5, 2, 1, 4 that a problem has, else 0 (docs/formats.md, Exit codes).
int code_of(const Json& checks) {
  for (const int code : {6, 5, 2, 1, 4}) {
    if (std::ranges::any_of(checks, [&](const Json& one) { return one.at("code") == code; })) return code;
  }
  return kDone;
}

void tell(const Json& checks) {
  for (const auto& one : checks) {
    const auto state = one.at("state").get<std::string>();
    const auto act = one.at("do").get<std::string>();
    say(fmt::format("{:<8} {:<24} {}{}{}",
                    state == "ok"        ? "ok"
                    : state == "warning" ? "WARNING"
                                         : "PROBLEM",
                    one.at("check").get<std::string>(), one.at("detail").get<std::string>(),
                    act.empty() ? "" : "  ->  ", act));
  }
}

}  // namespace

Json check_ok(std::string name, std::string detail) {
  return check(std::move(name), "ok", std::move(detail), "", kDone);
}

Json check_warning(std::string name, std::string detail, std::string act) {
  return check(std::move(name), "warning", std::move(detail), std::move(act), kDone);
}

Json check_problem(std::string name, ErrorKind kind, std::string detail, std::string act) {
  return check(std::move(name), "problem", std::move(detail), std::move(act), static_cast<int>(kind));
}

Result<int> doctor(const Command& command) {
  Words words(command);
  auto read = words.read(command.words, 0, 0);
  if (!read) return pass_on(read);
  std::string configuration;
  Json checks = check_home(command.home, configuration);
  checks.push_back(check_socket(command.home));
  auto client = wire::Client::connect(command.home);
  if (client) {
    check_daemon(checks, *client, configuration);
  } else {
    checks.push_back(check_problem("daemon", client.error().kind, client.error().message, client.error().hint));
  }
  const int code = code_of(checks);
  if (command.output == Output::Json) {
    print({{"format", "sealroom-doctor/1"}, {"home", printable(command.home)}, {"checks", checks}, {"code", code}});
  } else {
    tell(checks);
    const auto count = [&](const char* state) {
      return std::ranges::count_if(checks, [&](const Json& one) { return one.at("state") == state; });
    };
    say(fmt::format("{} check(s), {} warning(s), {} problem(s)", checks.size(), count("warning"), count("problem")));
  }
  return code;
}

}  // namespace sealroom::cli
