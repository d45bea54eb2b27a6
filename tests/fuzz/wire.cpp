// What a client writes into the daemon's socket, and what a daemon could answer: frames, messages and hello. Whatever
// the octets, reading ends; every answer is one frame that says to whom it answers; an error can be shown.
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "../../src/wire/frame.hpp"
#include "../../src/wire/request.hpp"

namespace {

using namespace sealroom;
using namespace sealroom::wire;

constexpr std::size_t kMost = 64 * 1024;  // fits into a socket's buffer

Json answer_in(const std::string& frame) {
  std::size_t length = 0;
  for (std::size_t i = 0; i < 4; ++i) length = length << 8 | static_cast<unsigned char>(frame.at(i));
  if (length != frame.size() - 4 || length > kLongestFrame) std::abort();
  auto message = parse_json(std::string_view(frame).substr(4), "answer");
  if (!message) std::abort();
  return *message;
}

void serve(const std::string& text) {
  const auto request = parse_request(text);
  if (!request) {
    if (answer_in(violation_frame(request.error())).at("id") != request.error().id) std::abort();
    return;
  }
  if (const auto violation = hello_violation(*request)) answer_in(violation_frame(*violation));
  const auto answer = answer_in(answer_frame(request->id, Result<Json>(request->parameters)));
  if (answer.at("id") != request->id) std::abort();
}

void take_for_answer(const std::string& text) {
  const auto message = message_in(text, "answer");
  if (!message) return;
  const auto error = error_from(message->is_object() && message->contains("error") ? message->at("error") : *message);
  const auto fit = [](char c) { return c >= 0x20 && c <= 0x7e; };
  if (error.message.empty() || !std::ranges::all_of(error.message, fit) || !std::ranges::all_of(error.hint, fit)) {
    std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  int ends[2];
  if (size > kMost || socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) return 0;
  const Fd ours(ends[0]);
  Fd theirs(ends[1]);
  if (!write_all(theirs.get(), {data, size}, "client")) std::abort();
  theirs = Fd();
  FrameReader reader;
  for (;;) {
    switch (reader.read(ours.get(), 0)) {
      case FrameReader::Step::Waiting: std::abort();  // the other side is gone
      case FrameReader::Step::Partial: break;
      case FrameReader::Step::Complete: {
        const auto frame = reader.take();
        serve(frame.text);
        take_for_answer(frame.text);
        break;
      }
      case FrameReader::Step::Ended: return 0;
      case FrameReader::Step::Broken:
        if (reader.trouble().empty()) std::abort();
        return 0;
    }
  }
}
