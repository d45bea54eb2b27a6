// A ceremony script: what is read is written and read again as the same.
#include <cstdlib>

#include "sealroom/ceremony/script.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto script = sealroom::Script::parse("fuzz.yaml", {reinterpret_cast<const char*>(data), size});
  if (!script) return 0;
  const auto text = script->to_yaml();
  auto again = sealroom::Script::parse("again.yaml", text);
  if (!again || again->to_yaml() != text) std::abort();
  return 0;
}
