#include "secret_text.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <openssl/asn1.h>
#include <openssl/evp.h>

namespace sealroom::pack {
namespace {

bool is_printable(unsigned long character) {
  const bool control = character < 0x20 || (character >= 0x7f && character < 0xa0);
  const bool line_end = character == 0x2028 || character == 0x2029;
  const bool no_character = (character & 0xfffe) == 0xfffe || character == 0xfeff;
  return !control && !line_end && !no_character;
}

}  // namespace

void SecretText::add(std::string_view text) {
  const auto place = grow(text.size());
  if (!place.empty()) std::ranges::copy(text, place.begin());
}

void SecretText::add_base64(ByteView octets) {
  const std::size_t size = (octets.size() + 2) / 3 * 4;
  auto place = grow(size + 1);  // EVP_EncodeBlock ends with a NUL
  if (place.empty()) return;
  EVP_EncodeBlock(place.data(), octets.data(), static_cast<int>(octets.size()));
  used_ -= 1;
}

std::span<std::uint8_t> SecretText::grow(std::size_t size) {
  if (error_) return {};
  if (used_ + size > text_.size()) {
    auto larger = Secret::with_size(std::max(2 * text_.size(), used_ + size));
    if (!larger) {
      error_ = std::move(larger.error());
      return {};
    }
    std::ranges::copy(text_.view().first(used_), larger->writable().begin());
    text_ = std::move(*larger);
  }
  const auto place = text_.writable().subspan(used_, size);
  used_ += size;
  return place;
}

Result<Secret> SecretText::finish() && {
  if (error_) return std::unexpected<Error>(std::move(*error_));
  return Secret::copy_of(text_.view().first(used_));
}

Result<Done> check_printable(const Secret& password, std::string_view what) {
  for (ByteView rest = password.view(); !rest.empty();) {
    unsigned long character = 0;
    const int size = UTF8_getc(rest.data(), static_cast<int>(rest.size()), &character);
    if (size <= 0) return fail(ErrorKind::Usage, fmt::format("{}: is not UTF-8", what), "write it in UTF-8");
    if (!is_printable(character)) {
      return fail(ErrorKind::Usage, fmt::format("{}: holds a character that cannot be printed", what),
                  "choose another password for the store");
    }
    rest = rest.subspan(static_cast<std::size_t>(size));
  }
  return Done{};
}

}  // namespace sealroom::pack
