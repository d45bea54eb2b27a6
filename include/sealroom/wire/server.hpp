#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "sealroom/base/error.hpp"
#include "sealroom/base/file.hpp"
#include "sealroom/base/json.hpp"

namespace sealroom::wire {

// Who is at the other end, as the kernel says (SO_PEERCRED, SO_PEERGROUPS).
struct Peer {
  std::uint64_t connection = 0;  // never reused while the server runs
  uid_t uid = 0;
  gid_t gid = 0;
  pid_t pid = 0;
  std::vector<gid_t> groups;
};

// A request that arrived, with the descriptors that came beside it (SCM_RIGHTS): pipes only.
struct Call {
  std::string method;
  Json parameters = Json::object();
  std::vector<Fd> descriptors;
};

// Answers a call exactly once, from any thread; after the connection is gone it does nothing.
using Reply = std::function<void(Result<Json>)>;

struct ServerLimits {
  std::size_t connections = 64;
  std::size_t connections_of_user = 16;
  std::chrono::milliseconds hello{5'000};      // from accept to a valid hello
  std::chrono::milliseconds frame{10'000};     // from a frame's first octet to its last
  std::chrono::milliseconds write{30'000};     // for a client that does not read
  std::size_t queued_octets = 8 * 1024 * 1024; // answers waiting for one client
  std::size_t descriptors = 1;                 // pipes beside one message
};

// Server is the daemon's Unix socket. It frames, parses, bounds and answers; it knows no method. A client that dies,
// stalls, floods or sends rubbish loses its own connection and disturbs nobody.
class Server {
 public:
  struct Callbacks {
    // On the server's thread; must not block. Refusing (Error) answers with it and closes.
    std::function<Result<Done>(const Peer&)> admit;     // before a connection takes a place
    std::function<Result<Json>(const Peer&)> on_hello;  // value: what the hello's answer carries
    std::function<void(const Peer&, Call, Reply)> on_call;
    std::function<void(const Peer&)> on_close;
  };

  // Binds `path` (relative to the working directory; at most 107 octets) with mode 0666 inside a directory whose mode
  // guards it, after removing a socket that is left there. The caller holds the home's lock.
  static Result<std::unique_ptr<Server>> listen(const std::string& path, const ServerLimits& limits,
                                                Callbacks callbacks);

  virtual ~Server() = default;

  // Serves until stop(); then closes every connection, and removes the socket.
  virtual void run() = 0;

  // From any thread or a signal handler's self-pipe; run() returns soon after.
  virtual void stop() = 0;
};

}  // namespace sealroom::wire
