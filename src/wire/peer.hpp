#pragma once

#include "sealroom/base/error.hpp"
#include "sealroom/wire/server.hpp"

namespace sealroom::wire {

// Who is at the other end of the connected Unix socket `socket`, as it was when it connected (unix(7)).
Result<Peer> peer_of(int socket, std::uint64_t connection);

}  // namespace sealroom::wire
