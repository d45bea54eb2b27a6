#include "frame.hpp"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include "sealroom/base/text.hpp"
#include "sealroom/wire/message.hpp"

namespace sealroom::wire {
namespace {

constexpr std::size_t kChunk = 65'536;

void take_descriptors(msghdr& message, std::vector<Fd>& into) {
  for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr; part = CMSG_NXTHDR(&message, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int descriptor = -1;
      memcpy(&descriptor, CMSG_DATA(part) + i * sizeof(int), sizeof(int));
      into.emplace_back(descriptor);
    }
  }
}

// F_GETPIPE_SZ answers for pipes alone and, unlike fstat(2), asks no file system, which the sender may have made.
bool is_pipe(const Fd& descriptor) { return fcntl(descriptor.get(), F_GETPIPE_SZ) >= 0; }

void close_all(std::vector<Fd> descriptors) {
  const linger none{0, 0};
  for (const auto& descriptor : descriptors) setsockopt(descriptor.get(), SOL_SOCKET, SO_LINGER, &none, sizeof none);
}

// The last close(2) of a file can wait: a socket lingers, a file system under the sender's control never answers. No
// thread that serves others does it.
void close_aside(std::vector<Fd> descriptors) {
  const auto shared = std::make_shared<std::vector<Fd>>(std::move(descriptors));
  try {
    std::thread([shared] { close_all(std::move(*shared)); }).detach();
  } catch (const std::system_error&) {
    close_all(std::move(*shared));
  }
}

// The raw octets in the result of `message`, which do not stand in its JSON.
std::optional<Json::binary_t> taken_from(Json& message) {
  const auto result = message.find("result");
  if (result == message.end() || !result->is_object()) return std::nullopt;
  const auto octets = result->find(kRawMember);
  if (octets == result->end() || !octets->is_binary()) return std::nullopt;
  auto taken = std::move(octets->get_binary());
  result->erase(octets);
  return taken;
}

}  // namespace

Result<std::string> frame_of(Json message) {
  std::string frame(4, '\0');
  const auto behind = taken_from(message);
  try {
    frame += message.dump();
  } catch (const Json::exception&) {
    return fail(ErrorKind::Failed, "the message is not text");
  }
  if (behind) frame.append(1, '\0').append(as_text(*behind));
  const std::size_t length = frame.size() - 4;
  if (length > kLongestFrame) {
    return fail(ErrorKind::Failed,
                fmt::format("the message is too large: {} octets, at most {} fit", length, kLongestFrame));
  }
  for (std::size_t i = 0; i < 4; ++i) frame[i] = static_cast<char>((length >> (24 - 8 * i)) & 0xff);
  return frame;
}

Result<Json> message_in(std::string_view frame, std::string_view what) {
  const auto end = std::min(frame.find('\0'), frame.size());
  auto message = parse_json(frame.substr(0, end), what);
  if (!message || end == frame.size()) return message;
  const auto result = message->is_object() ? message->find("result") : message->end();
  if (result == message->end() || !result->is_object() || result->contains(kRawMember)) {
    return fail(ErrorKind::Usage, fmt::format("{}: octets stand behind what cannot have them", what));
  }
  const auto behind = as_bytes(frame.substr(end + 1));
  (*result)[kRawMember] = Json::binary({behind.begin(), behind.end()});
  return message;
}

std::size_t FrameReader::wanted() const {
  if (header_size_ < header_.size()) return header_.size() - header_size_;
  return std::min(length_ - frame_.text.size(), kChunk);
}

FrameReader::Step FrameReader::read(int socket, std::size_t most_descriptors) {
  std::array<char, kChunk> octets;
  alignas(cmsghdr) std::array<char, CMSG_SPACE(kMostDescriptors * sizeof(int))> control;
  iovec span{octets.data(), wanted()};
  msghdr message{};
  message.msg_iov = &span;
  message.msg_iovlen = 1;
  // Room for all there can be: the kernel closes what finds none, on this thread.
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  const auto got = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
  if (got < 0 && errno == EINTR) return Step::Partial;
  if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return Step::Waiting;
  if (got <= 0) return Step::Ended;
  take_descriptors(message, frame_.descriptors);
  const bool too_many = (message.msg_flags & MSG_CTRUNC) != 0 || frame_.descriptors.size() > most_descriptors;
  if (too_many || !std::ranges::all_of(frame_.descriptors, is_pipe)) {
    trouble_ = too_many ? fmt::format("more descriptors than the {} that may come here", most_descriptors)
                        : "a descriptor that is not a pipe";
    close_aside(std::exchange(frame_.descriptors, {}));
    return Step::Broken;
  }
  return accept(octets.data(), static_cast<std::size_t>(got));
}

FrameReader::Step FrameReader::accept(const char* octets, std::size_t count) {
  if (header_size_ == header_.size()) {
    frame_.text.append(octets, count);
    return frame_.text.size() == length_ ? Step::Complete : Step::Partial;
  }
  memcpy(header_.data() + header_size_, octets, count);
  header_size_ += count;
  if (header_size_ < header_.size()) return Step::Partial;
  length_ = 0;
  for (const auto octet : header_) length_ = (length_ << 8) | octet;
  if (length_ == 0 || length_ > kLongestFrame) {
    trouble_ = fmt::format("a frame of {} octets; 1 to {} are allowed", length_, kLongestFrame);
    return Step::Broken;
  }
  return Step::Partial;
}

FrameReader::Frame FrameReader::take() {
  header_size_ = 0;
  return std::exchange(frame_, Frame{});
}

}  // namespace sealroom::wire
