#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "sealroom/wire/message.hpp"
#include "sealroom/wire/server.hpp"
#include "support/run_program.hpp"
#include "support/temporary_directory.hpp"

namespace sealroom::testing {

// Waits until `holds` does, or two seconds.
inline bool soon(const std::function<bool()>& holds) {
  for (int i = 0; i < 400; ++i) {
    if (holds()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return holds();
}

// The read end of a pipe that holds `content` and has no writer any more.
inline Fd pipe_with(const std::string& content) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("pipe2 failed");
  Fd reading(ends[0]);
  const Fd writing(ends[1]);
  if (!write_all(writing.get(), as_bytes(content), "pipe")) throw std::runtime_error("the pipe is full");
  return reading;
}

inline std::string piped_through(const Fd& pipe) {
  std::string content(4096, '\0');
  const auto got = ::read(pipe.get(), content.data(), content.size());
  content.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return content;
}

// ServedHome is a home with a daemon that knows a few methods made for tests:
//   echo      its parameters
//   large     {size}: that many letters
//   octets    {size}: that many zero octets behind the answer
//   contents  what is in each pipe that came along
//   later     no answer until answer_latest_first()
//   threaded  its parameters, from another thread
//   forget    lets the reply go
class ServedHome {
 public:
  explicit ServedHome(const wire::ServerLimits& limits = {}) {
    directory_.write("sealroom.yaml", "");
    if (::mkdir((directory_ / "run").c_str(), 0755) != 0) throw std::runtime_error("mkdir failed");
    serve(limits);
  }

  ~ServedHome() { stop(); }

  void stop() {
    if (!thread_.joinable()) return;
    server_->stop();
    thread_.join();
  }

  const std::string& path() const { return directory_.path(); }
  std::string socket() const { return directory_ / "run/sealroomd.sock"; }
  int greeted() const { return greeted_; }
  int closed() const { return closed_; }
  wire::Peer last_peer() {
    const std::lock_guard lock(mutex_);
    return last_peer_;
  }

  // Refuses every hello from now on, or every connection.
  void refuse_everybody() { refusing_ = true; }
  void admit_nobody() { admitting_ = false; }

  std::size_t waiting() {
    const std::lock_guard lock(mutex_);
    return later_.size();
  }

  void answer_latest_first() {
    std::vector<std::pair<wire::Reply, Json>> later;
    {
      const std::lock_guard lock(mutex_);
      later.swap(later_);
    }
    for (auto at = later.rbegin(); at != later.rend(); ++at) at->first(at->second);
  }

 private:
  void serve(const wire::ServerLimits& limits) {
    auto server = wire::Server::listen(
        socket(), limits,
        {[this](const wire::Peer&) { return admit(); }, [this](const wire::Peer& peer) { return on_hello(peer); },
         [this](const wire::Peer&, wire::Call call, wire::Reply reply) { on_call(std::move(call), std::move(reply)); },
         [this](const wire::Peer&) { ++closed_; }});
    if (!server) throw std::runtime_error(server.error().message);
    server_ = std::move(*server);
    thread_ = std::thread([this] { server_->run(); });
  }

  Result<Done> admit() const {
    if (admitting_) return Done{};
    return fail(ErrorKind::NeedsPerson, "you have no role", "ask for one");
  }

  Result<Json> on_hello(const wire::Peer& peer) {
    if (refusing_) return fail(ErrorKind::NeedsPerson, "you are not known here", "ask the administrator for a role");
    const std::lock_guard lock(mutex_);
    last_peer_ = peer;
    ++greeted_;
    return Json{{"role", "admin"}};
  }

  void on_call(wire::Call call, wire::Reply reply) {
    if (call.method == "echo") {
      reply(call.parameters);
    } else if (call.method == "large") {
      reply(Json(std::string(call.parameters.at("size").get<std::size_t>(), 'x')));
    } else if (call.method == "octets") {
      reply(Json{{"size", call.parameters.at("size")},
                 {wire::kRawMember, Json::binary(Json::binary_t::container_type(call.parameters.at("size"), 0))}});
    } else if (call.method == "contents") {
      Json contents = Json::array();
      for (const auto& descriptor : call.descriptors) contents.push_back(piped_through(descriptor));
      reply(contents);
    } else if (call.method == "later") {
      const std::lock_guard lock(mutex_);
      later_.emplace_back(std::move(reply), call.parameters);
    } else if (call.method == "threaded") {
      std::thread([reply, parameters = call.parameters] { reply(parameters); }).join();
    } else if (call.method != "forget") {
      reply(fail(ErrorKind::Token, "no such method", "look it up"));
    }
  }

  TemporaryDirectory directory_;
  std::mutex mutex_;
  std::vector<std::pair<wire::Reply, Json>> later_;
  wire::Peer last_peer_;
  std::atomic<int> greeted_ = 0;
  std::atomic<int> closed_ = 0;
  std::atomic<bool> refusing_ = false;
  std::atomic<bool> admitting_ = true;
  std::unique_ptr<wire::Server> server_;
  std::thread thread_;
};

}  // namespace sealroom::testing
