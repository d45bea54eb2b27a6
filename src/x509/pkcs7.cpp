#include "sealroom/x509/certificate.hpp"

namespace sealroom {
namespace {

constexpr std::uint8_t kSequence = 0x30;
constexpr std::uint8_t kContext0 = 0xa0;

// The DER of a value with definite, minimal length (X.690 section 10.1).
Bytes wrapped(std::uint8_t identifier, ByteView contents) {
  Bytes out{identifier};
  if (contents.size() < 0x80) {
    out.push_back(static_cast<std::uint8_t>(contents.size()));
  } else {
    Bytes length;
    for (auto rest = contents.size(); rest > 0; rest >>= 8) length.insert(length.begin(), rest & 0xff);
    out.push_back(static_cast<std::uint8_t>(0x80 | length.size()));
    out.insert(out.end(), length.begin(), length.end());
  }
  out.insert(out.end(), contents.begin(), contents.end());
  return out;
}

}  // namespace

// RFC 2315 section 9.1: SignedData without content and signers, which carries certificates and nothing else.
Bytes to_pkcs7(std::span<const ByteView> certificates) {
  constexpr std::uint8_t kSignedData[] = {0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02};
  // version 1, no digest algorithms, contentInfo of pkcs7-data
  constexpr std::uint8_t kBefore[] = {0x02, 0x01, 0x01, 0x31, 0x00, 0x30, 0x0b, 0x06, 0x09,
                                      0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01};
  constexpr std::uint8_t kNoSigners[] = {0x31, 0x00};
  Bytes all;
  for (const auto& certificate : certificates) all.insert(all.end(), certificate.begin(), certificate.end());
  const auto inside = wrapped(kContext0, all);
  Bytes signed_data(std::begin(kBefore), std::end(kBefore));
  signed_data.insert(signed_data.end(), inside.begin(), inside.end());
  signed_data.insert(signed_data.end(), std::begin(kNoSigners), std::end(kNoSigners));
  const auto content = wrapped(kContext0, wrapped(kSequence, signed_data));
  Bytes bag(std::begin(kSignedData), std::end(kSignedData));
  bag.insert(bag.end(), content.begin(), content.end());
  return wrapped(kSequence, bag);
}

}  // namespace sealroom
