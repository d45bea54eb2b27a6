#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>

#include "asio.hpp"
#include "frame.hpp"
#include "request.hpp"
#include "sealroom/wire/server.hpp"

namespace sealroom::wire {

using Loop = boost::asio::io_context;

// What all connections of one server share; outlives every open one.
struct Service {
  std::shared_ptr<Loop> loop;
  ServerLimits limits;
  Server::Callbacks callbacks;
  std::function<void(std::uint64_t connection)> closed;
};

// Connection serves one client, on the loop's thread only.
//
//   waiting for hello ──hello──▶ serving ──close()──▶ closed
//          └──────violation──▶ parting ──last answer written──▶ closed
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(Fd socket, Peer peer, Service& service);

  void start();

  // Writes `frame`, the answer to a call; nothing once the connection is parting or closed.
  void answer(std::string frame);

  // Ends the connection at once, telling the service and the callbacks; nothing when it is closed already.
  void close();

  const Peer& peer() const { return peer_; }

 private:
  enum class State { AwaitingHello, Serving, Parting, Closed };

  bool may_read() const;
  void await_readable();
  void read_frames();
  void take_frame();
  void watch_frame();
  void greet(const Request& request);
  void call(Request request, std::vector<Fd> descriptors);
  Reply reply_to(const Json& id);

  void part(std::string last_words);
  void part(const Violation& violation) { part(violation_frame(violation)); }
  void send(std::string frame);
  void write_frames();
  void await_writable();
  void limit_writing();

  boost::asio::posix::stream_descriptor socket_;
  boost::asio::steady_timer arrival_;    // hello, then each frame
  boost::asio::steady_timer departure_;  // each answer
  const Peer peer_;
  Service& service_;
  State state_ = State::AwaitingHello;

  FrameReader reader_;
  bool watching_frame_ = false;
  bool awaiting_readable_ = false;
  std::size_t unanswered_ = 0;  // requests whose answer has not been written

  std::deque<std::string> outgoing_;
  std::size_t outgoing_octets_ = 0;
  std::size_t written_ = 0;  // of outgoing_.front()
  bool awaiting_writable_ = false;
};

}  // namespace sealroom::wire
