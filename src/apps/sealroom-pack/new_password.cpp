#include "new_password.hpp"

#include <unistd.h>

#include <cstdlib>

#include <fmt/format.h>
#include <openssl/crypto.h>

#include "sealroom/base/file.hpp"
#include "terminal.hpp"

namespace sealroom::pack {
namespace {

constexpr std::size_t kGeneratedSize = 26;  // of 32 characters each: 130 bits

}  // namespace

NewPassword::NewPassword(NewPassword&& other) noexcept
    : value_(std::move(other.value_)), unkept_file_(std::exchange(other.unkept_file_, std::nullopt)) {}

NewPassword::~NewPassword() {
  if (unkept_file_) ::unlink(unkept_file_->c_str());
}

Result<NewPassword> NewPassword::generate(const std::string& path) {
  constexpr std::string_view alphabet = "abcdefghijklmnopqrstuvwxyz234567";  // base32 of RFC 4648, lower-case
  auto line = Secret::with_size(kGeneratedSize + 1);
  if (!line) return pass_on(line);
  const auto characters = line->writable().first(kGeneratedSize);
  if (getentropy(characters.data(), characters.size()) != 0) std::abort();
  for (auto& character : characters) character = static_cast<std::uint8_t>(alphabet[character % alphabet.size()]);
  line->writable().back() = '\n';
  auto value = Secret::copy_of(characters);
  if (!value) return pass_on(value);
  auto file = write_new_file(path, line->view(), 0600);
  if (!file) return pass_on(file);
  NewPassword made(std::move(*value));
  made.unkept_file_ = path;
  return made;
}

Result<NewPassword> NewPassword::obtain(const PasswordSource& source, std::string_view what, WeakPasswords weak) {
  if (source.kind == PasswordSource::Kind::Generate) return generate(source.detail);
  auto password = read_password(source, fmt::format("new {}", what));
  if (!password) return pass_on(password);
  auto strong = check_strength(*password, what, weak);
  if (!strong) return pass_on(strong);
  if (source.kind == PasswordSource::Kind::Prompt) {
    auto again = prompt_password(fmt::format("{} again: ", what));
    if (!again) return pass_on(again);
    if (again->size() != password->size() ||
        CRYPTO_memcmp(again->view().data(), password->view().data(), again->size()) != 0) {
      return fail(ErrorKind::Usage, fmt::format("{}: was not typed alike twice", what));
    }
  }
  return NewPassword(std::move(*password));
}

}  // namespace sealroom::pack
