#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include "sealroom/base/error.hpp"
#include "sealroom/base/json.hpp"

// The wire between daemon and clients: frames of a 4-octet big-endian length and one JSON-RPC 2.0 message, over a
// Unix stream socket (docs/formats.md, Wire).
namespace sealroom::wire {

inline constexpr std::uint32_t kLongestFrame = 1024 * 1024;
inline constexpr int kProtocolVersion = 1;

// The member of a result that may be binary (Json::binary): it travels as it is behind the JSON of the answer.
inline constexpr const char* kRawMember = "octets";

// JSON-RPC error object for `error`: code -32000 - exit code, message, data {kind, hint}; and back.
Json error_object(const Error& error);
Error error_from(const Json& object);

// Errors of the protocol itself, as JSON-RPC 2.0 section 5.1 numbers them.
enum class ProtocolError { Parse = -32700, Request = -32600, Parameters = -32602 };

}  // namespace sealroom::wire
