#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "sealroom/base/bytes.hpp"
#include "sealroom/base/error.hpp"

namespace sealroom {

// WeakKeyList is a set of RSA keys that are known to be weak, in the form of Debian's openssl-blacklist
// (openssl-vulnkey(1)): a line for each, the last 20 hexadecimal digits of SHA-1 over "Modulus=", the modulus in
// upper-case hexadecimal, and a line feed. Ten octets of memory a key.
class WeakKeyList {
 public:
  using Fingerprint = std::array<std::uint8_t, 10>;

  // Reads lines of 20 lower-case hexadecimal digits; empty lines and lines that begin with "#" are passed over.
  // `file` names it in errors (Usage, with the line): any other line, or a list that names no key.
  static Result<WeakKeyList> parse(std::string_view file, ByteView text);

  bool contains(const Fingerprint& fingerprint) const;
  std::size_t size() const { return fingerprints_.size(); }

 private:
  WeakKeyList() = default;
  std::vector<Fingerprint> fingerprints_;  // in order
};

}  // namespace sealroom
