#pragma once

#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "sealroom/base/file.hpp"
#include "sealroom/base/json.hpp"

namespace sealroom::testing {

inline const std::string kHello = R"({"jsonrpc":"2.0","id":"h","method":"hello","params":{"version":1}})";

inline std::string header_for(std::uint32_t length) {
  std::string header;
  for (int shift = 24; shift >= 0; shift -= 8) header += static_cast<char>((length >> shift) & 0xff);
  return header;
}

inline std::string framed(const std::string& text) {
  return header_for(static_cast<std::uint32_t>(text.size())) + text;
}

inline std::string request(int id, const std::string& method, const Json& parameters = Json::object()) {
  return Json{{"jsonrpc", "2.0"}, {"id", id}, {"method", method}, {"params", parameters}}.dump();
}

// RawClient says to a daemon whatever the test likes. Nothing it does waits longer than five seconds.
class RawClient {
 public:
  explicit RawClient(const std::string& socket) {
    if (!try_connect(socket)) throw std::runtime_error("connect failed");
  }

  // Sends all of `octets`; false when the daemon does not take them.
  bool send(const std::string& octets) {
    std::size_t sent = 0;
    while (sent < octets.size()) {
      const auto put = ::send(socket_.get(), octets.data() + sent, octets.size() - sent, MSG_NOSIGNAL);
      if (put <= 0) return false;
      sent += static_cast<std::size_t>(put);
    }
    return true;
  }

  bool say(const std::string& text) { return send(framed(text)); }

  // Sends `octets` with `descriptors` beside the first of them.
  bool send_beside(const std::string& octets, const std::vector<int>& descriptors) {
    std::vector<char> control(CMSG_SPACE(descriptors.size() * sizeof(int)));
    iovec span{const_cast<char*>(octets.data()), octets.size()};
    msghdr message{};
    message.msg_iov = &span;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    cmsghdr* part = CMSG_FIRSTHDR(&message);
    part->cmsg_level = SOL_SOCKET;
    part->cmsg_type = SCM_RIGHTS;
    part->cmsg_len = CMSG_LEN(descriptors.size() * sizeof(int));
    memcpy(CMSG_DATA(part), descriptors.data(), descriptors.size() * sizeof(int));
    return ::sendmsg(socket_.get(), &message, MSG_NOSIGNAL) == static_cast<ssize_t>(octets.size());
  }

  // The next message; nothing when the connection ends or stays silent.
  std::optional<Json> hear() {
    const auto header = receive(4);
    if (!header) return std::nullopt;
    std::uint32_t length = 0;
    for (const char octet : *header) length = (length << 8) | static_cast<unsigned char>(octet);
    const auto text = receive(length);
    if (!text) return std::nullopt;
    return Json::parse(*text);
  }

  // Says hello and hears the answer.
  bool greet() {
    if (!say(kHello)) return false;
    const auto answer = hear();
    return answer && answer->contains("result");
  }

  // The daemon ended this connection; octets that are still there are passed over.
  bool ended() {
    std::array<char, 4096> octets;
    for (;;) {
      const auto got = ::recv(socket_.get(), octets.data(), octets.size(), 0);
      if (got == 0 || (got < 0 && errno == ECONNRESET)) return true;
      if (got < 0) return false;
    }
  }

  int fd() const { return socket_.get(); }
  void close() { socket_ = Fd(); }

 private:
  bool try_connect(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) return false;
    memcpy(address.sun_path, path.data(), path.size());
    socket_ = Fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const timeval limit{5, 0};
    return setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) == 0 &&
           setsockopt(socket_.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) == 0 &&
           ::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }

  std::optional<std::string> receive(std::size_t count) {
    std::string octets(count, '\0');
    std::size_t have = 0;
    while (have < count) {
      const auto got = ::recv(socket_.get(), octets.data() + have, count - have, 0);
      if (got <= 0) return std::nullopt;
      have += static_cast<std::size_t>(got);
    }
    return octets;
  }

  Fd socket_;
};

// What the daemon complains about in `message`; empty when it does not.
inline std::string complaint(const std::optional<Json>& message) {
  if (!message || !message->contains("error")) return {};
  return message->at("error").at("message").get<std::string>();
}

}  // namespace sealroom::testing
