#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "sealroom/base/error.hpp"
#include "sealroom/base/file.hpp"
#include "sealroom/base/json.hpp"

namespace sealroom::wire {

// Descriptors that one message can carry: SCM_MAX_FD (unix(7)).
inline constexpr std::size_t kMostDescriptors = 253;

// The octets of `message` as one frame: its JSON, and behind a NUL, which JSON never has, the value of kRawMember in its
// result where that is binary. Errors: Failed when it is longer than kLongestFrame or is not text.
Result<std::string> frame_of(Json message);

// The message that frame_of() made a frame of. Only answers may have octets behind them. Errors: Usage.
Result<Json> message_in(std::string_view frame, std::string_view what);

// FrameReader puts frames together from a stream socket, blocking or not.
//
// It never asks the kernel for an octet of the next frame: descriptors come with the first octet of the message they
// were sent beside (unix(7)), so those that arrive while a frame is read belong to that frame.
class FrameReader {
 public:
  enum class Step {
    Waiting,   // nothing more is there now
    Partial,   // something came; the frame is not complete
    Complete,  // take() it
    Ended,     // the other side is gone
    Broken,    // the other side breaks the protocol: trouble() says how
  };

  // One recvmsg(2). Keeps at most `most_descriptors` beside a frame, and only pipes; others break the protocol and
  // are closed without waiting for whoever can delay that.
  Step read(int socket, std::size_t most_descriptors);

  // A frame has begun and is not complete.
  bool started() const { return header_size_ > 0; }
  const std::string& trouble() const { return trouble_; }

  struct Frame {
    std::string text;
    std::vector<Fd> descriptors;
  };
  // The complete frame; the reader is ready for the next one.
  Frame take();

 private:
  std::size_t wanted() const;
  Step accept(const char* octets, std::size_t count);

  std::array<unsigned char, 4> header_{};
  std::size_t header_size_ = 0;
  std::size_t length_ = 0;
  Frame frame_;
  std::string trouble_;
};

}  // namespace sealroom::wire
