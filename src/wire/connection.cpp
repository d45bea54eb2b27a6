#include "connection.hpp"

#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include <fmt/format.h>

#include "pending_answer.hpp"

namespace sealroom::wire {
namespace {

using Wait = boost::asio::posix::stream_descriptor;
using boost::system::error_code;

// Calls of one client that may wait for their answer; its further requests stay in the kernel's buffer.
constexpr std::size_t kMostUnanswered = 16;

// Reads and writes for one client before the others have their turn.
constexpr int kStepsPerTurn = 32;

}  // namespace

Connection::Connection(Fd socket, Peer peer, Service& service)
    : socket_(*service.loop, socket.release()),
      arrival_(*service.loop),
      departure_(*service.loop),
      peer_(std::move(peer)),
      service_(service) {}

void Connection::start() {
  arrival_.expires_after(service_.limits.hello);
  arrival_.async_wait([self = shared_from_this()](const error_code& error) {
    if (error || self->state_ != State::AwaitingHello) return;
    const auto limit = self->service_.limits.hello.count();
    self->part({{}, ProtocolError::Request, fmt::format("no hello came within {} ms", limit)});
  });
  await_readable();
}

void Connection::close() {
  if (state_ == State::Closed) return;
  const auto self = shared_from_this();
  state_ = State::Closed;
  error_code ignored;
  socket_.close(ignored);
  arrival_.cancel();
  departure_.cancel();
  outgoing_.clear();
  service_.callbacks.on_close(peer_);
  service_.closed(peer_.connection);
}

bool Connection::may_read() const {
  return (state_ == State::AwaitingHello || state_ == State::Serving) && unanswered_ < kMostUnanswered;
}

void Connection::await_readable() {
  if (awaiting_readable_ || !may_read()) return;
  awaiting_readable_ = true;
  socket_.async_wait(Wait::wait_read, [self = shared_from_this()](const error_code& error) {
    self->awaiting_readable_ = false;
    if (!error) self->read_frames();
  });
}

void Connection::read_frames() {
  for (int step = 0; step < kStepsPerTurn && may_read(); ++step) {
    const auto most_descriptors = state_ == State::Serving ? service_.limits.descriptors : 0;
    switch (reader_.read(socket_.native_handle(), most_descriptors)) {
      case FrameReader::Step::Waiting: return await_readable();
      case FrameReader::Step::Partial: watch_frame(); break;
      case FrameReader::Step::Complete: take_frame(); break;
      case FrameReader::Step::Ended: return close();
      case FrameReader::Step::Broken: return part({{}, ProtocolError::Request, reader_.trouble()});
    }
  }
  await_readable();
}

void Connection::watch_frame() {
  if (watching_frame_ || state_ != State::Serving || !reader_.started()) return;
  watching_frame_ = true;
  arrival_.expires_after(service_.limits.frame);
  arrival_.async_wait([self = shared_from_this()](const error_code& error) {
    if (error || !self->watching_frame_ || self->arrival_.expiry() > std::chrono::steady_clock::now()) return;
    const auto limit = self->service_.limits.frame.count();
    self->part({{}, ProtocolError::Request, fmt::format("a frame was not complete within {} ms", limit)});
  });
}

void Connection::take_frame() {
  if (std::exchange(watching_frame_, false)) arrival_.cancel();
  auto frame = reader_.take();
  auto request = parse_request(frame.text);
  if (!request) return part(request.error());
  ++unanswered_;
  if (state_ == State::AwaitingHello) return greet(*request);
  call(std::move(*request), std::move(frame.descriptors));
}

void Connection::greet(const Request& request) {
  if (const auto violation = hello_violation(request)) return part(*violation);
  auto welcome = service_.callbacks.on_hello(peer_);
  if (!welcome) return part(answer_frame(request.id, pass_on(welcome)));
  arrival_.cancel();
  state_ = State::Serving;
  send(answer_frame(request.id, std::move(welcome)));
}

void Connection::call(Request request, std::vector<Fd> descriptors) {
  auto reply = reply_to(request.id);
  service_.callbacks.on_call(peer_, {std::move(request.method), std::move(request.parameters), std::move(descriptors)},
                             std::move(reply));
}

Reply Connection::reply_to(const Json& id) {
  const auto pending = std::make_shared<PendingAnswer>(service_.loop, weak_from_this(), id);
  return [pending](Result<Json> answer) { pending->give(std::move(answer)); };
}

void Connection::answer(std::string frame) {
  if (state_ == State::Serving) send(std::move(frame));
}

void Connection::part(std::string last_words) {
  if (state_ == State::Closed || state_ == State::Parting) return;
  state_ = State::Parting;
  arrival_.cancel();
  send(std::move(last_words));
}

void Connection::send(std::string frame) {
  if (outgoing_octets_ + frame.size() > service_.limits.queued_octets) return close();
  outgoing_octets_ += frame.size();
  outgoing_.push_back(std::move(frame));
  if (outgoing_.size() > 1) return;
  limit_writing();
  write_frames();
}

void Connection::write_frames() {
  for (int step = 0; step < kStepsPerTurn && !outgoing_.empty(); ++step) {
    const auto& frame = outgoing_.front();
    const auto put =
        ::send(socket_.native_handle(), frame.data() + written_, frame.size() - written_, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) break;
    if (put < 0) return close();
    written_ += static_cast<std::size_t>(put);
    if (written_ < frame.size()) continue;
    outgoing_octets_ -= frame.size();
    written_ = 0;
    outgoing_.pop_front();
    if (state_ == State::Serving) --unanswered_;
    if (!outgoing_.empty()) limit_writing();
  }
  if (!outgoing_.empty()) return await_writable();
  departure_.cancel();
  if (state_ == State::Parting) return close();
  await_readable();
}

void Connection::await_writable() {
  if (awaiting_writable_) return;
  awaiting_writable_ = true;
  socket_.async_wait(Wait::wait_write, [self = shared_from_this()](const error_code& error) {
    self->awaiting_writable_ = false;
    if (!error) self->write_frames();
  });
}

void Connection::limit_writing() {
  departure_.expires_after(service_.limits.write);
  departure_.async_wait([self = shared_from_this()](const error_code& error) {
    if (error || self->outgoing_.empty() || self->departure_.expiry() > std::chrono::steady_clock::now()) return;
    self->close();
  });
}

}  // namespace sealroom::wire
