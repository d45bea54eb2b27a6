#include "sealroom/wire/client.hpp"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "frame.hpp"
#include "sealroom/base/text.hpp"
#include "sealroom/wire/message.hpp"

namespace sealroom::wire {
namespace {

std::unexpected<Error> not_permitted(const std::string& home) {
  return fail(ErrorKind::Failed, fmt::format("{}: you may not reach the daemon of this home", printable(home)),
              "ask the administrator for access to the folder (its permissions decide), or use sudo");
}

std::unexpected<Error> no_daemon(const std::string& home) {
  return fail(ErrorKind::Failed, fmt::format("no daemon is running for {}", printable(home)),
              fmt::format("start it: sealroomd --home {}", printable(home)));
}

std::unexpected<Error> connection_closed() {
  return fail(ErrorKind::Failed, "the daemon closed the connection",
              "see what sealroomd itself reported, then try again");
}

Result<Done> require_home(const std::string& home) {
  struct stat status{};
  if (stat((home + "/sealroom.yaml").c_str(), &status) == 0) return Done{};
  if (errno == EACCES) return not_permitted(home);
  return fail(ErrorKind::Usage, fmt::format("{}: is not a Sealroom home (it has no sealroom.yaml)", printable(home)),
              fmt::format("name the home with --home, or make one: sealroom --home {} init", printable(home)));
}

// sun_path holds 107 octets; a path through /proc/self/fd is short however long the home's is.
Result<Fd> connected_socket(const std::string& home) {
  const Fd folder(::open((home + "/run").c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!folder && errno == EACCES) return not_permitted(home);
  if (!folder) return no_daemon(home);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const auto path = fmt::format("/proc/self/fd/{}/sealroomd.sock", folder.get());
  memcpy(address.sun_path, path.data(), path.size());
  Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket) return fail(ErrorKind::Failed, fmt::format("no socket can be made: {}", strerror(errno)));
  while (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    if (errno == EINTR) continue;
    if (errno == ENOENT || errno == ECONNREFUSED) return no_daemon(home);
    if (errno == EACCES || errno == EPERM) return not_permitted(home);
    return fail(ErrorKind::Failed,
                fmt::format("{}: the daemon's socket cannot be reached: {}", printable(home), strerror(errno)));
  }
  return socket;
}

enum class Sent { All, Cut };

// Sends `frame` with `descriptors` beside its first octet. Cut when the daemon has gone: what it had to say about that
// may still wait to be read.
Result<Sent> send_frame(int socket, const std::string& frame, const std::vector<int>& descriptors) {
  alignas(cmsghdr) std::array<char, CMSG_SPACE(kMostDescriptors * sizeof(int))> control{};
  iovec rest{const_cast<char*>(frame.data()), frame.size()};
  msghdr message{};
  message.msg_iov = &rest;
  message.msg_iovlen = 1;
  if (!descriptors.empty()) {
    const std::size_t octets = descriptors.size() * sizeof(int);
    message.msg_control = control.data();
    message.msg_controllen = CMSG_SPACE(octets);
    cmsghdr* const part = CMSG_FIRSTHDR(&message);
    part->cmsg_level = SOL_SOCKET;
    part->cmsg_type = SCM_RIGHTS;
    part->cmsg_len = CMSG_LEN(octets);
    memcpy(CMSG_DATA(part), descriptors.data(), octets);
  }
  while (rest.iov_len > 0) {
    const auto put = ::sendmsg(socket, &message, MSG_NOSIGNAL);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0 && (errno == EPIPE || errno == ECONNRESET)) return Sent::Cut;
    if (put < 0) return fail(ErrorKind::Failed, fmt::format("the daemon cannot be written to: {}", strerror(errno)));
    rest.iov_base = static_cast<char*>(rest.iov_base) + put;
    rest.iov_len -= static_cast<std::size_t>(put);
    message.msg_control = nullptr;
    message.msg_controllen = 0;
  }
  return Sent::All;
}

Result<Json> received_message(int socket) {
  FrameReader reader;
  for (;;) {
    switch (reader.read(socket, 0)) {
      case FrameReader::Step::Waiting:
      case FrameReader::Step::Partial: break;
      case FrameReader::Step::Complete: return message_in(reader.take().text, "answer of the daemon");
      case FrameReader::Step::Ended: return connection_closed();
      case FrameReader::Step::Broken: return fail(ErrorKind::Failed, "answer of the daemon: " + reader.trouble());
    }
  }
}

std::unexpected<Error> no_answer(const char* rule) {
  return fail(ErrorKind::Failed, fmt::format("answer of the daemon: {}", rule),
              "use sealroom and sealroomd of one release");
}

// The result or the error in `message`. An error without an id is about the connection, and so about this call, too.
std::optional<Result<Json>> answer_in(Json& message, std::uint64_t id) {
  if (!message.is_object() || message.value("jsonrpc", Json()) != "2.0") return std::nullopt;
  const auto answered = message.value("id", Json());
  const bool ours = answered.is_number_integer() && answered == id;
  if (message.contains("error")) {
    if (message.contains("result") || (!ours && !answered.is_null())) return std::nullopt;
    return Result<Json>(std::unexpected(error_from(message["error"])));
  }
  if (!ours || !message.contains("result")) return std::nullopt;
  return Result<Json>(std::move(message["result"]));
}

}  // namespace

Result<Client> Client::connect(const std::string& home) {
  auto is_home = require_home(home);
  if (!is_home) return pass_on(is_home);
  auto socket = connected_socket(home);
  if (!socket) return pass_on(socket);
  Client client;
  client.socket_ = std::move(*socket);
  auto welcome = client.call("hello", {{"version", kProtocolVersion}});
  if (!welcome) return pass_on(welcome);
  client.hello_ = std::move(*welcome);
  return client;
}

Result<Json> Client::call(const std::string& method, const Json& parameters, const std::vector<int>& descriptors) {
  if (descriptors.size() > kMostDescriptors) std::abort();
  if (!socket_) return connection_closed();
  const auto id = next_id_++;
  auto frame = frame_of({{"jsonrpc", "2.0"}, {"id", id}, {"method", method}, {"params", parameters}});
  if (!frame) return pass_on(frame, method);
  // Whatever goes wrong from here on leaves question and answer out of step: the connection goes with it.
  Fd socket = std::move(socket_);
  const auto sent = send_frame(socket.get(), *frame, descriptors);
  if (!sent) return std::unexpected(sent.error());
  auto message = received_message(socket.get());
  if (!message) return fail(ErrorKind::Failed, std::move(message.error().message), std::move(message.error().hint));
  auto answer = answer_in(*message, id);
  if (!answer) return no_answer("is not a JSON-RPC answer to what was asked");
  if (*sent == Sent::All) socket_ = std::move(socket);
  return std::move(*answer);
}

}  // namespace sealroom::wire
