#pragma once

#include <optional>
#include <string_view>

#include "sealroom/base/secret.hpp"

namespace sealroom::pack {

// SecretText is put together in locked memory, piece by piece: a text that passwords or keys are part of.
class SecretText {
 public:
  void add(std::string_view text);

  // One line of base64 (RFC 4648 section 4), as `openssl base64 -A` writes it.
  void add_base64(ByteView octets);

  // The text so far. Errors (Failed): memory could not be locked for one of the pieces.
  Result<Secret> finish() &&;

 private:
  std::span<std::uint8_t> grow(std::size_t size);  // empty after an error

  Secret text_;
  std::size_t used_ = 0;
  std::optional<Error> error_;
};

// Refuses (Usage) a `password` that is no well-formed UTF-8 or has control characters or invisible line ends in it:
// neither XML 1.0 (section 2.2) nor YAML 1.2 (section 5.1) carries those. `what` names it.
Result<Done> check_printable(const Secret& password, std::string_view what);

}  // namespace sealroom::pack
