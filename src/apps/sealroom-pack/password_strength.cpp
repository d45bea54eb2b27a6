#include <algorithm>
#include <bitset>

#include <fmt/format.h>

#include "new_password.hpp"

namespace sealroom::pack {
namespace {

constexpr std::size_t kLeast = 12;
constexpr std::size_t kLeastWeak = 6;
constexpr std::size_t kLeastDifferent = 5;
constexpr std::size_t kLeastWithoutWords = 8;

// What guides, defaults and people put first; lower case, longer ones before those they contain.
constexpr std::string_view kWords[] = {
    "changeme", "changeit", "password",  "passw0rd", "passwort", "kennwort", "keystore", "truststore",
    "hivemq",   "sealroom", "mosquitto", "welcome",  "letmein",  "default",  "secret",   "geheim",
    "qwertz",   "qwerty",   "asdfgh",    "abcdef",   "broker",   "client",   "server",   "admin",
    "123456",   "12345",    "1234",      "mqtt",     "pass",     "test",     "java",
};

bool starts_character(std::uint8_t octet) { return octet >> 6 != 2; }  // UTF-8

// How much of `password` is left without the words, in octets.
std::size_t without_words(Secret& lower) {
  auto text = lower.writable();
  for (std::uint8_t& octet : text) {
    if (octet >= 'A' && octet <= 'Z') octet = static_cast<std::uint8_t>(octet - 'A' + 'a');
  }
  std::size_t size = text.size();
  for (const auto word : kWords) {
    for (;;) {
      const auto found = std::ranges::search(text.first(size), word);
      if (found.empty()) break;
      std::copy(found.end(), text.first(size).end(), found.begin());
      size -= word.size();
    }
  }
  return size;
}

}  // namespace

Result<Done> check_strength(const Secret& password, std::string_view what, WeakPasswords weak) {
  const auto octets = password.view();
  const auto characters = static_cast<std::size_t>(std::ranges::count_if(octets, starts_character));
  const std::size_t least = weak == WeakPasswords::Allow ? kLeastWeak : kLeast;
  const std::string hint = weak == WeakPasswords::Allow
                               ? "keytool takes no shorter one either"
                               : "let generate:PATH make one; --allow-weak-password accepts it for a trial";
  if (characters < least) {
    return fail(ErrorKind::Usage,
                fmt::format("{}: is too weak: {} characters, at least {} are needed", what, characters, least), hint);
  }
  if (weak == WeakPasswords::Allow) return Done{};

  std::bitset<256> seen;
  for (const auto octet : octets) seen.set(octet);
  if (seen.count() < kLeastDifferent) {
    return fail(ErrorKind::Usage,
                fmt::format("{}: is too weak: fewer than {} different characters", what, kLeastDifferent), hint);
  }
  auto lower = Secret::copy_of(octets);
  if (!lower) return pass_on(lower);
  if (without_words(*lower) < kLeastWithoutWords) {
    return fail(ErrorKind::Usage, fmt::format("{}: is too weak: little more than words that are tried first", what),
                hint);
  }
  return Done{};
}

}  // namespace sealroom::pack
