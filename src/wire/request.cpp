#include "request.hpp"

#include <cstdlib>
#include <utility>

#include <fmt/format.h>

#include "frame.hpp"
#include "sealroom/base/text.hpp"

namespace sealroom::wire {
namespace {

constexpr std::size_t kLongestName = 128;

// A violation may quote what was sent; the answer to it must still fit into a frame.
constexpr std::size_t kLongestComplaint = 1024;

bool is_id(const Json& value) {
  if (value.is_string()) return value.get_ref<const std::string&>().size() <= kLongestName;
  return value.is_number_integer();
}

Json id_of(const Json& message) {
  const auto found = message.find("id");
  return found != message.end() && is_id(*found) ? *found : Json();
}

// The rule that `message` breaks, or nothing.
std::string broken_rule(const Json& message) {
  for (const auto& [name, value] : message.items()) {
    if (name != "jsonrpc" && name != "id" && name != "method" && name != "params") {
      return fmt::format("member \"{}\" is unknown", printable(name.substr(0, kLongestName)));
    }
  }
  const auto version = message.find("jsonrpc");
  if (version == message.end() || *version != "2.0") return "jsonrpc is not \"2.0\"";
  const auto id = message.find("id");
  if (id == message.end()) return "id is missing; notifications are not served";
  if (!is_id(*id)) return fmt::format("id is neither text of at most {} octets nor an integer", kLongestName);
  const auto method = message.find("method");
  if (method == message.end() || !method->is_string()) return "method is not text";
  const auto length = method->get_ref<const std::string&>().size();
  if (length == 0 || length > kLongestName) return fmt::format("method is not 1 to {} octets long", kLongestName);
  const auto parameters = message.find("params");
  if (parameters != message.end() && !parameters->is_object()) return "params is not an object";
  return {};
}

std::string frame_or_abort(const Json& message) {
  auto frame = frame_of(message);
  if (!frame) std::abort();
  return std::move(*frame);
}

Json error_message(const Json& id, const Error& error) {
  return {{"jsonrpc", "2.0"}, {"id", id}, {"error", error_object(error)}};
}

}  // namespace

std::expected<Request, Violation> parse_request(std::string_view text) {
  auto message = parse_json(text, "message");
  if (!message) return std::unexpected(Violation{{}, ProtocolError::Parse, message.error().message});
  if (message->is_array()) {
    return std::unexpected(Violation{{}, ProtocolError::Request, "message: batches are not served"});
  }
  if (!message->is_object()) return std::unexpected(Violation{{}, ProtocolError::Request, "message: is not an object"});
  const auto rule = broken_rule(*message);
  if (!rule.empty()) return std::unexpected(Violation{id_of(*message), ProtocolError::Request, "message: " + rule});
  Request request{id_of(*message), message->at("method").get<std::string>(), Json::object()};
  if (message->contains("params")) request.parameters = std::move(message->at("params"));
  return request;
}

std::optional<Violation> hello_violation(const Request& request) {
  if (request.method != "hello") {
    return Violation{request.id, ProtocolError::Request, "the first message is not hello"};
  }
  const auto version = request.parameters.find("version");
  if (version == request.parameters.end() || !version->is_number_integer()) {
    return Violation{request.id, ProtocolError::Parameters, "hello: version is missing or not an integer"};
  }
  if (*version == kProtocolVersion) return std::nullopt;
  return Violation{request.id, ProtocolError::Parameters,
                   fmt::format("hello: the client speaks protocol version {}, the daemon version {}; use programs of "
                               "one release",
                               version->dump(), kProtocolVersion)};
}

std::string answer_frame(const Json& id, Result<Json> answer) {
  auto frame = answer ? frame_of({{"jsonrpc", "2.0"}, {"id", id}, {"result", std::move(*answer)}})
                      : frame_of(error_message(id, answer.error()));
  if (frame) return std::move(*frame);
  const Error error{ErrorKind::Failed, "answer too large or not text: " + frame.error().message,
                    "ask for less at a time"};
  return frame_or_abort(error_message(id, error));
}

std::string violation_frame(const Violation& violation) {
  auto object = error_object({ErrorKind::Usage, violation.message.substr(0, kLongestComplaint)});
  object["code"] = static_cast<int>(violation.code);
  return frame_or_abort({{"jsonrpc", "2.0"}, {"id", violation.id}, {"error", object}});
}

}  // namespace sealroom::wire
