// A message of the wire: what is accepted can be written and read again.
#include <cstdlib>

#include "sealroom/base/json.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto value = sealroom::parse_json({reinterpret_cast<const char*>(data), size}, "fuzz");
  if (!value) return 0;
  auto again = sealroom::parse_json(value->dump(), "again");
  if (!again || *again != *value) std::abort();
  return 0;
}
