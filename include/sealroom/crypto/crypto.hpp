#pragma once

#include <string>
#include <string_view>

#include "sealroom/base/bytes.hpp"
#include "sealroom/base/error.hpp"
#include "sealroom/crypto/owned.hpp"

namespace sealroom {

Digest sha256(ByteView octets);

// SHA-256 over octets that come in pieces.
class Sha256 {
 public:
  Sha256();
  void add(ByteView octets);
  Digest finish();        // once
  Digest so_far() const;  // what finish() would give now; more can be added

 private:
  OwnedDigestContext context_;
};

// `count` octets of the kernel's generator (getrandom(2)); aborts if the kernel has none.
Bytes kernel_random(std::size_t count);

// Base64 (RFC 4648 section 4, with padding, no line breaks).
std::string to_base64(ByteView octets);

// Strict inverse of to_base64; nothing when the text is not exactly what to_base64 would write.
std::optional<Bytes> from_base64(std::string_view text);

// A library context of OpenSSL without a single algorithm: what is decoded in it keeps its public key as the octets that
// came, where OpenSSL would otherwise search all its decoders for one that takes them. Any thread may use it.
OSSL_LIB_CTX* without_algorithms();

// The texts in OpenSSL's error queue of this thread, in printable ASCII; empties the queue.
std::string openssl_errors();

// The DER of an OpenSSL object, through its i2d function; aborts when memory is gone or the object is unfit.
template <class T, class I2d>
Bytes der_of(T* object, I2d i2d) {
  unsigned char* raw = nullptr;
  const int size = i2d(object, &raw);
  if (size < 0) std::abort();
  const OwnedMemory memory(raw);
  return {raw, raw + size};
}

}  // namespace sealroom
