#include "peer.hpp"

#include <string.h>
#include <sys/socket.h>

#include <cerrno>
#include <string>

namespace sealroom::wire {
namespace {

Result<std::vector<gid_t>> groups_of(int socket) {
  std::vector<gid_t> groups(16);
  for (;;) {
    auto size = static_cast<socklen_t>(groups.size() * sizeof(gid_t));
    if (getsockopt(socket, SOL_SOCKET, SO_PEERGROUPS, groups.data(), &size) == 0) {
      groups.resize(size / sizeof(gid_t));
      return groups;
    }
    // ERANGE comes with the size that is needed.
    if (errno != ERANGE || size / sizeof(gid_t) <= groups.size()) {
      return fail(ErrorKind::Failed, std::string("groups of the other side: ") + strerror(errno));
    }
    groups.resize(size / sizeof(gid_t));
  }
}

}  // namespace

Result<Peer> peer_of(int socket, std::uint64_t connection) {
  ucred credentials{};
  socklen_t size = sizeof credentials;
  if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) {
    return fail(ErrorKind::Failed, std::string("user of the other side: ") + strerror(errno));
  }
  auto groups = groups_of(socket);
  if (!groups) return pass_on(groups);
  return Peer{connection, credentials.uid, credentials.gid, credentials.pid, std::move(*groups)};
}

}  // namespace sealroom::wire
