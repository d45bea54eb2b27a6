// Text that may hold PEM: every sound block is written and read again as the same, and a request in a block gets the
// verdict that its octets get without one.
#include <algorithm>
#include <cstdlib>
#include <tuple>

#include "../../src/x509/pem_reader.hpp"
#include "sealroom/x509/pem.hpp"
#include "sealroom/x509/request.hpp"

namespace {

using namespace sealroom;

void write_and_read_again(const pem::Block& block) {
  if (block.fault != pem::BlockFault::None || pem::names_private_key(block.label)) return;
  const auto again = pem::read_blocks(to_pem(block.label, block.contents));
  if (again.size() != 1 || again[0].fault != pem::BlockFault::None) std::abort();
  if (again[0].label != block.label || again[0].contents != block.contents) std::abort();
}

bool same(const Findings& some, const Findings& others) {
  return std::ranges::equal(some, others, [](const Finding& one, const Finding& other) {
    return std::tie(one.id, one.detail) == std::tie(other.id, other.detail);
  });
}

// `der` begins a long SEQUENCE, so it is taken for DER when it stands alone.
void compare_with_bare(ByteView der) {
  RequestLimits limits;
  limits.octets = 4 * (der.size() + 1'024);
  const auto bare = ParsedRequest::parse(der, limits);
  const auto wrapped = ParsedRequest::parse(as_bytes(to_pem("CERTIFICATE REQUEST", der)), limits);
  if (bare.has_value() != wrapped.has_value()) std::abort();
  if (bare ? bare->der() != wrapped->der() : !same(bare.error(), wrapped.error())) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView octets(data, size);
  for (const auto& block : pem::read_blocks(as_text(octets))) write_and_read_again(block);
  (void)read_certificates(octets, "fuzz");
  (void)ParsedRequest::parse(octets, {});
  if (size >= 2 && data[0] == 0x30 && data[1] >= 0x80) compare_with_bare(octets);
  return 0;
}
