#include "daemon_call.hpp"

#include <unistd.h>

#include <future>
#include <iostream>

#include <fmt/format.h>

namespace sealroom::cli {
namespace {

using namespace std::chrono_literals;

constexpr auto kPatience = 300ms;  // before progress is worth showing

}  // namespace

void Progress::show(std::uint64_t done, std::uint64_t total) {
  if (isatty(STDERR_FILENO) == 0 || std::chrono::steady_clock::now() - began_ < kPatience) return;
  shown_ = true;
  const auto text = done == 0 && total == 0 ? what_ + " ..."
                    : total == 0            ? fmt::format("{} [{}]", what_, done)
                                            : fmt::format("{} [{}/{}]", what_, done, total);
  std::cerr << "\r" << text << std::flush;
}

void Progress::end() {
  if (std::exchange(shown_, false)) std::cerr << "\r\x1b[K" << std::flush;
}

Result<Json> call_job(wire::Client& client, const std::string& method, const Json& parameters,
                      const std::string& what) {
  auto started = client.call(method, parameters);
  if (!started) return started;
  const Json ask{{"job", started->at("job")}, {"wait", true}};
  Progress progress(what);
  std::uint64_t done = 0;
  std::uint64_t total = 0;
  for (;;) {
    auto asked = std::async([&] { return client.call("job.look", ask); });
    while (asked.wait_for(kPatience) == std::future_status::timeout) progress.show(done, total);
    auto state = asked.get();
    if (!state || state->at("state") == "done") progress.end();
    if (!state) return state;
    if (state->at("state") == "done") return state->at("result");
    done = state->value("done", std::uint64_t{0});
    total = state->value("total", std::uint64_t{0});
    progress.show(done, total);
  }
}

Result<int> show_answer(const Command& command, const Json& answer, const std::function<void(const Json&)>& people) {
  if (command.output == Output::Json) {
    print(answer);
  } else {
    people(answer);
  }
  return kDone;
}

Result<int> show(const Command& command, const std::string& method, const Json& parameters,
                 const std::function<void(const Json&)>& people) {
  auto client = wire::Client::connect(command.home);
  if (!client) return pass_on(client);
  auto answer = client->call(method, parameters);
  if (!answer) return pass_on(answer);
  return show_answer(command, *answer, people);
}

Result<Done> ledger_is_sound(const Json& status) {
  const auto trouble = status.at("integrity").get<std::string>();
  if (trouble.empty()) return Done{};
  return fail(ErrorKind::Integrity, trouble, "nothing is signed; see `sealroom status` and docs/operations.md");
}

}  // namespace sealroom::cli
