#include "daemon_call.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <iostream>
#include <thread>

#include <fmt/format.h>

namespace sealroom::cli {
namespace {

using namespace std::chrono_literals;

constexpr auto kLongestPause = 20ms;  // between two looks at a job: what a finished one waits for its client at most
constexpr auto kPatience = 300ms;     // before progress is worth showing

void show_progress(const std::string& what, const Json& state) {
  if (isatty(STDERR_FILENO) == 0) return;
  const auto total = state.value("total", std::uint64_t{0});
  if (total == 0) {
    std::cerr << "\r" << what << " ..." << std::flush;
  } else {
    std::cerr << fmt::format("\r{} [{}/{}]", what, state.value("done", std::uint64_t{0}), total) << std::flush;
  }
}

void end_progress() {
  if (isatty(STDERR_FILENO) != 0) std::cerr << "\r\x1b[K" << std::flush;
}

}  // namespace

Result<Json> call_job(wire::Client& client, const std::string& method, const Json& parameters,
                      const std::string& what) {
  auto started = client.call(method, parameters);
  if (!started) return started;
  const Json ask{{"job", started->at("job")}};
  const auto began = std::chrono::steady_clock::now();
  for (auto pause = 2ms;; pause = std::min<std::chrono::milliseconds>(pause * 2, kLongestPause)) {
    auto state = client.call("job.look", ask);
    if (!state || state->at("state") == "done") end_progress();
    if (!state) return state;
    if (state->at("state") == "done") return state->at("result");
    if (std::chrono::steady_clock::now() - began > kPatience) show_progress(what, *state);
    std::this_thread::sleep_for(pause);
  }
}

Result<int> show(const Command& command, const std::string& method, const Json& parameters,
                 const std::function<void(const Json&)>& people) {
  auto client = wire::Client::connect(command.home);
  if (!client) return pass_on(client);
  auto answer = client->call(method, parameters);
  if (!answer) return pass_on(answer);
  if (command.output == Output::Json) {
    print(*answer);
  } else {
    people(*answer);
  }
  return kDone;
}

Result<Done> ledger_is_sound(const Json& status) {
  const auto trouble = status.at("integrity").get<std::string>();
  if (trouble.empty()) return Done{};
  return fail(ErrorKind::Integrity, trouble, "nothing is signed; see `sealroom status` and docs/operations.md");
}

}  // namespace sealroom::cli
