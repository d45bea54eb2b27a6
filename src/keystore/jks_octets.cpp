#include "jks_octets.hpp"

#include <cstdlib>

namespace sealroom {
namespace {

// One code point off the front of `rest`; nothing when RFC 3629 forbids what stands there.
std::optional<char32_t> next_code_point(ByteView& rest) {
  const std::uint8_t lead = rest[0];
  const std::size_t size = lead < 0x80 ? 1 : lead >> 5 == 6 ? 2 : lead >> 4 == 14 ? 3 : lead >> 3 == 30 ? 4 : 0;
  if (size == 0 || size > rest.size()) return std::nullopt;
  char32_t point = size == 1 ? lead : lead & (0x7fU >> size);
  for (std::size_t i = 1; i < size; ++i) {
    if (rest[i] >> 6 != 2) return std::nullopt;
    point = point << 6 | (rest[i] & 0x3f);
  }
  constexpr char32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  if (point < least[size] || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) return std::nullopt;
  rest = rest.subspan(size);
  return point;
}

void put_unit(std::span<std::uint8_t>& out, char32_t unit) {
  out[0] = static_cast<std::uint8_t>(unit >> 8);
  out[1] = static_cast<std::uint8_t>(unit);
  out = out.subspan(2);
}

}  // namespace

void sha1(std::span<std::uint8_t, kSha1Size> out, std::initializer_list<ByteView> parts) {
  const OwnedDigestContext context(EVP_MD_CTX_new());
  if (!context || EVP_DigestInit_ex(context.get(), EVP_sha1(), nullptr) != 1) std::abort();
  for (const auto part : parts) {
    if (EVP_DigestUpdate(context.get(), part.data(), part.size()) != 1) std::abort();
  }
  if (EVP_DigestFinal_ex(context.get(), out.data(), nullptr) != 1) std::abort();
}

Result<Secret> password_octets(const Secret& password) {
  std::size_t units = 0;
  for (ByteView rest = password.view(); !rest.empty();) {
    const auto point = next_code_point(rest);
    if (!point) return fail(ErrorKind::Usage, "password is not UTF-8", "write it in UTF-8, or use ASCII only");
    units += *point > 0xffff ? 2 : 1;
  }
  auto octets = Secret::with_size(2 * units);
  if (!octets) return octets;
  std::span<std::uint8_t> out = octets->writable();
  for (ByteView rest = password.view(); !rest.empty();) {
    const char32_t point = *next_code_point(rest);
    if (point > 0xffff) {
      put_unit(out, 0xd800 + ((point - 0x10000) >> 10));
      put_unit(out, 0xdc00 + ((point - 0x10000) & 0x3ff));
    } else {
      put_unit(out, point);
    }
  }
  return octets;
}

StoreDigest::StoreDigest(const Secret& password_octets) : context_(EVP_MD_CTX_new()) {
  if (!context_ || EVP_DigestInit_ex(context_.get(), EVP_sha1(), nullptr) != 1) std::abort();
  add(password_octets.view());
  add(as_bytes("Mighty Aphrodite"));
}

void StoreDigest::add(ByteView octets) {
  if (EVP_DigestUpdate(context_.get(), octets.data(), octets.size()) != 1) std::abort();
}

std::array<std::uint8_t, kSha1Size> StoreDigest::finish() {
  std::array<std::uint8_t, kSha1Size> digest{};
  if (EVP_DigestFinal_ex(context_.get(), digest.data(), nullptr) != 1) std::abort();
  return digest;
}

}  // namespace sealroom
