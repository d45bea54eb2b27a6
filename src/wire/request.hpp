#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "sealroom/base/error.hpp"
#include "sealroom/base/json.hpp"
#include "sealroom/wire/message.hpp"

namespace sealroom::wire {

// A JSON-RPC 2.0 request. Batches and notifications are none: every request is answered, and answered alone.
struct Request {
  Json id;  // text of at most 128 octets, or an integer
  std::string method;
  Json parameters;
};

// Why a text is no request; `id` is null where it could not be found out (JSON-RPC 2.0 section 5).
struct Violation {
  Json id;
  ProtocolError code;
  std::string message;
};

std::expected<Request, Violation> parse_request(std::string_view text);

// What is wrong with `request` as the first message of a connection: it is hello, in the version that is spoken here.
std::optional<Violation> hello_violation(const Request& request);

// The frame that answers `id`; when the answer cannot be framed, one that says so.
std::string answer_frame(const Json& id, Result<Json> answer);

// The frame that tells the other side what it did wrong.
std::string violation_frame(const Violation& violation);

}  // namespace sealroom::wire
