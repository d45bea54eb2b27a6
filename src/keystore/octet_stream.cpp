#include "sealroom/keystore/octet_stream.hpp"

#include <algorithm>

namespace sealroom {

Result<Done> MemorySink::write(ByteView octets) {
  octets_.insert(octets_.end(), octets.begin(), octets.end());
  return Done{};
}

Result<std::size_t> MemorySource::read(std::span<std::uint8_t> out) {
  const std::size_t count = std::min(out.size(), rest_.size());
  std::ranges::copy(rest_.first(count), out.begin());
  rest_ = rest_.subspan(count);
  return count;
}

}  // namespace sealroom
