// A line of the log, as an outsider hands it in: what is accepted is written again as the same octets.
#include <cstdlib>

#include "sealroom/log/entry.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  auto entry = sealroom::log::parse_line(text);
  if (!entry) return 0;
  if (sealroom::log::line_of(entry->seq, entry->previous, entry->context, entry->event) != text) std::abort();
  return 0;
}
