#include <fmt/format.h>

#include "sealroom/base/text.hpp"
#include "sealroom/keystore/store.hpp"

namespace sealroom {

Result<std::string> store_alias(std::string_view alias) {
  constexpr std::size_t longest = 255;
  const bool plain = printable(alias).size() == alias.size();  // a backslash is excluded with the unprintable
  if (alias.empty() || alias.size() > longest || !plain) {
    return fail(ErrorKind::Usage,
                fmt::format("alias '{}': must be 1 to {} printable ASCII characters, without backslash",
                            printable(alias.substr(0, longest)), longest));
  }
  return ascii_lower(alias);
}

}  // namespace sealroom
