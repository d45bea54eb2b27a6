#include "sealroom/wire/server.hpp"

#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include "asio.hpp"
#include "connection.hpp"
#include "peer.hpp"
#include "sealroom/base/text.hpp"

namespace sealroom::wire {
namespace {

using boost::system::error_code;

constexpr int kBacklog = 128;
constexpr int kAcceptsPerTurn = 16;

// Out of descriptors or memory, the waiting client stays readable: without a pause the loop would spin.
constexpr std::chrono::milliseconds kPauseWithoutResources{100};

std::unexpected<Error> socket_failure(const std::string& path, const char* what, int reason) {
  return fail(ErrorKind::Failed, fmt::format("{}: {}: {}", printable(path), what, strerror(reason)));
}

Result<Done> remove_left_socket(const std::string& path) {
  struct stat status{};
  if (lstat(path.c_str(), &status) != 0) {
    if (errno == ENOENT) return Done{};
    return socket_failure(path, "cannot be examined", errno);
  }
  if (!S_ISSOCK(status.st_mode)) {
    return fail(ErrorKind::Failed, fmt::format("{}: is in the way and is not a socket", printable(path)), "remove it");
  }
  if (unlink(path.c_str()) != 0) return socket_failure(path, "cannot be removed", errno);
  return Done{};
}

Result<Fd> bound_socket(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) {
    return fail(ErrorKind::Failed, fmt::format("{}: is not 1 to {} octets long, as a socket's path must be",
                                               printable(path), sizeof address.sun_path - 1));
  }
  memcpy(address.sun_path, path.data(), path.size());
  Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket) return socket_failure(path, "cannot be made", errno);
  auto removed = remove_left_socket(path);
  if (!removed) return pass_on(removed);
  if (bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return socket_failure(path, "cannot be bound", errno);
  }
  // Nobody can connect before listen(2), so the umask's mode is never in force.
  if (chmod(path.c_str(), 0666) != 0) return socket_failure(path, "cannot be given its mode", errno);
  if (::listen(socket.get(), kBacklog) != 0) return socket_failure(path, "cannot be listened on", errno);
  return socket;
}

class LoopServer final : public Server {
 public:
  LoopServer(std::string path, Fd socket, const ServerLimits& limits, Callbacks callbacks)
      : path_(std::move(path)),
        loop_(std::make_shared<Loop>(1)),
        listener_(*loop_, socket.release()),
        pause_(*loop_),
        service_{loop_, limits, std::move(callbacks),
                 [this](std::uint64_t connection) { connections_.erase(connection); }} {}

  ~LoopServer() override { end(); }

  void run() override {
    await_clients();
    loop_->run();
  }

  void stop() override {
    boost::asio::post(*loop_, [this] { end(); });
  }

 private:
  void await_clients() {
    listener_.async_wait(listener_.wait_read, [this](const error_code& error) {
      if (!error) accept_clients();
    });
  }

  void accept_clients() {
    for (int turn = 0; turn < kAcceptsPerTurn; ++turn) {
      Fd socket(accept4(listener_.native_handle(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
      if (socket) {
        admit(std::move(socket));
      } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
        break;
      } else if (errno != EINTR && errno != ECONNABORTED) {
        return pause_accepting();
      }
    }
    await_clients();
  }

  void pause_accepting() {
    pause_.expires_after(kPauseWithoutResources);
    pause_.async_wait([this](const error_code& error) {
      if (!error) await_clients();
    });
  }

  void admit(Fd socket) {
    auto peer = peer_of(socket.get(), next_connection_);
    if (!peer) return turn_away(socket, std::move(peer.error()));
    auto place = place_for(*peer);
    if (!place) return turn_away(socket, std::move(place.error()));
    const auto connection = std::make_shared<Connection>(std::move(socket), std::move(*peer), service_);
    connections_.emplace(next_connection_++, connection);
    connection->start();
  }

  Result<Done> place_for(const Peer& peer) {
    if (service_.callbacks.admit) {
      auto admitted = service_.callbacks.admit(peer);
      if (!admitted) return admitted;
    }
    if (connections_.size() >= service_.limits.connections) {
      return fail(ErrorKind::Failed, "too many clients are connected", "try again later");
    }
    const auto of_user = std::ranges::count_if(
        connections_, [&](const auto& connection) { return connection.second->peer().uid == peer.uid; });
    if (static_cast<std::size_t>(of_user) >= service_.limits.connections_of_user) {
      return fail(ErrorKind::Failed, fmt::format("too many clients of user {} are connected", peer.uid),
                  "try again later");
    }
    return Done{};
  }

  static void turn_away(const Fd& socket, Error reason) {
    const auto frame = answer_frame({}, std::unexpected(std::move(reason)));
    // A client too full to take this learns of it by the end of the connection.
    static_cast<void>(::send(socket.get(), frame.data(), frame.size(), MSG_NOSIGNAL | MSG_DONTWAIT));
  }

  void end() {
    if (!listener_.is_open()) return;
    unlink(path_.c_str());
    error_code ignored;
    listener_.close(ignored);
    pause_.cancel();
    const auto open = connections_;
    for (const auto& [id, connection] : open) connection->close();
  }

  const std::string path_;
  std::shared_ptr<Loop> loop_;
  boost::asio::posix::stream_descriptor listener_;
  boost::asio::steady_timer pause_;
  Service service_;
  std::unordered_map<std::uint64_t, std::shared_ptr<Connection>> connections_;
  std::uint64_t next_connection_ = 1;
};

}  // namespace

Result<std::unique_ptr<Server>> Server::listen(const std::string& path, const ServerLimits& limits,
                                               Callbacks callbacks) {
  auto socket = bound_socket(path);
  if (!socket) return pass_on(socket);
  return std::make_unique<LoopServer>(path, std::move(*socket), limits, std::move(callbacks));
}

}  // namespace sealroom::wire
